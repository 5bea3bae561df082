// SPDX-License-Identifier: GPL-2.0-only
/*
 * configfs: directory names and attributes to objects and back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/* How much of a bad value a message shows. */
#define SHOWN 64

/* Not 0xa0, which isspace() takes for one and which ends letters in UTF-8. */
static bool is_blank(char c)
{
	return isascii(c) && isspace(c);
}

/* What the user wrote, without the white space around it. */
static const char *trimmed(const char *page, size_t *count)
{
	const char *start = page, *end = page + *count;

	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	*count = end - start;
	return start;
}

/* Bytes as text: what is not printable, and quotes, as \xHH. */
struct shown {
	char text[4 * SHOWN + 1];
};

static const char *show(struct shown *shown, const char *given, size_t len)
{
	const char *end = given + min_t(size_t, len, SHOWN);
	char *out = shown->text;

	for (; given < end; given++)
		if (isascii(*given) && isprint(*given) && *given != '"' &&
		    *given != '\\')
			*out++ = *given;
		else
			out += sprintf(out, "\\x%02x", *given & 0xff);
	*out = '\0';
	return shown->text;
}

static int refuse(struct tcm_loop_tpg *tpg, const char *attribute,
		  const char *given, size_t len, const char *accepted)
{
	struct shown shown;

	tcm_loop_limited(pr_err, "%s tpgt_%u: %s \"%s\"; accepted: %s\n",
			 tpg->host->name.text, tpg->tpgt, attribute,
			 show(&shown, given, len), accepted);
	return -EINVAL;
}

static int parse_name(enum protocol_role role, const char *given, size_t len,
		      struct protocol_name *name)
{
	const char *what =
		role == PROTOCOL_TARGET ? "target" : "initiator port";
	struct protocol_name_error error;
	struct shown shown;
	char wrong[48];
	int ret;

	ret = protocol_name_parse(role, given, len, name, &error);
	if (!ret)
		return 0;
	if (error.at < len)
		snprintf(wrong, sizeof(wrong), "wrong at character %zu",
			 error.at + 1);
	else
		snprintf(wrong, sizeof(wrong), "too short with %zu characters",
			 len);
	if (ret > 0 && !READ_ONCE(tcm_loop_strict_names)) {
		tcm_loop_limited(
			pr_warn,
			"%s \"%s\": %s of %s; taken all the same, %s%.*s\n",
			what, show(&shown, given, len), wrong, error.accepted,
			role == PROTOCOL_TARGET
				? "but page 0x83 is left as the target core makes it"
				: "with the TransportID of ",
			SHOWN,
			role == PROTOCOL_TARGET ? ""
						: protocol_name_of_port(name));
		return 0;
	}
	tcm_loop_limited(pr_err, "%s \"%s\": %s; accepted: %s\n", what,
			 show(&shown, given, len), wrong, error.accepted);
	return -EINVAL;
}

static ssize_t
tcm_loop_tpg_attrib_fabric_prot_type_show(struct config_item *item, char *page)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(attrib_to_tpg(item));

	return sprintf(page, "%d\n", READ_ONCE(tpg->fabric_prot_type));
}

static ssize_t
tcm_loop_tpg_attrib_fabric_prot_type_store(struct config_item *item,
					   const char *page, size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(attrib_to_tpg(item));
	size_t len = count;
	const char *given = trimmed(page, &len);
	unsigned int value;

	/* T10-PI type 2 needs 32-byte CDBs, which the target core has not. */
	if (kstrtouint(page, 0, &value) || value > TARGET_DIF_TYPE3_PROT ||
	    value == TARGET_DIF_TYPE2_PROT)
		return refuse(tpg, "fabric_prot_type", given, len, "0, 1 or 3");
	WRITE_ONCE(tpg->fabric_prot_type, value);
	return count;
}

CONFIGFS_ATTR(tcm_loop_tpg_attrib_, fabric_prot_type);

/*
 * What is here is saved by rtslib, and the kernel's own module, which may be to
 * restore it, knows this one only.  What it has not is in tpgt_N itself.
 */
struct configfs_attribute *tcm_loop_tpg_attrib_attrs[] = {
	&tcm_loop_tpg_attrib_attr_fabric_prot_type,
	NULL,
};

static ssize_t tcm_loop_tpg_nexus_show(struct config_item *item, char *page)
{
	return tcm_loop_nexus_show(to_tcm_loop_tpg(to_tpg(item)), page,
				   PAGE_SIZE);
}

static ssize_t tcm_loop_tpg_nexus_store(struct config_item *item,
					const char *page, size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));
	const struct protocol_name *target = &tpg->host->name;
	struct protocol_name initiator;
	struct shown shown;
	size_t len = count;
	const char *given = trimmed(page, &len);
	int ret;

	if (len == 4 && !memcmp(given, "NULL", 4)) {
		ret = tcm_loop_nexus_drop(tpg);
		return ret ? ret : count;
	}

	ret = parse_name(PROTOCOL_INITIATOR, given, len, &initiator);
	if (ret)
		return ret;
	if (initiator.protocol != target->protocol) {
		tcm_loop_limited(
			pr_err,
			"initiator port \"%s\" is %s, but the target %s is %s; accepted: %s\n",
			show(&shown, given, len),
			protocol_id_string(initiator.protocol), target->text,
			protocol_id_string(target->protocol),
			protocol_name_accepted(PROTOCOL_INITIATOR,
					       target->protocol));
		return -EINVAL;
	}
	ret = tcm_loop_nexus_make(tpg, &initiator);
	return ret ? ret : count;
}

static ssize_t tcm_loop_tpg_transport_status_show(struct config_item *item,
						  char *page)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));

	return sprintf(page, "%s\n",
		       READ_ONCE(tpg->online) ? "online" : "offline");
}

static ssize_t tcm_loop_tpg_transport_status_store(struct config_item *item,
						   const char *page,
						   size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));
	size_t len = count;
	const char *given = trimmed(page, &len);

	if (len == 6 && !memcmp(given, "online", 6)) {
		WRITE_ONCE(tpg->online, true);
		trace_tcm_loop_transport(tpg, true);
		tcm_loop_lun_scan_all(tpg);
		return count;
	}
	if (len == 7 && !memcmp(given, "offline", 7)) {
		WRITE_ONCE(tpg->online, false);
		WRITE_ONCE(tpg->outages, tpg->outages + 1);
		trace_tcm_loop_transport(tpg, false);
		tcm_loop_nexus_loss(tpg);
		return count;
	}
	return refuse(tpg, "transport_status", given, len, "online or offline");
}

static ssize_t tcm_loop_tpg_address_show(struct config_item *item, char *page)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));

	return sprintf(page, "%u:0:%u\n", tpg->host->shost->host_no, tpg->tpgt);
}

static ssize_t tcm_loop_tpg_held_show(struct config_item *item, char *page)
{
	return tcm_loop_held_show(to_tcm_loop_tpg(to_tpg(item)), page,
				  PAGE_SIZE);
}

static ssize_t tcm_loop_tpg_complete_device_id_show(struct config_item *item,
						    char *page)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));

	return sprintf(page, "%d\n", READ_ONCE(tpg->complete_device_id));
}

static ssize_t tcm_loop_tpg_complete_device_id_store(struct config_item *item,
						     const char *page,
						     size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));
	size_t len = count;
	const char *given = trimmed(page, &len);

	if (len != 1 || (*given != '0' && *given != '1'))
		return refuse(tpg, "complete_device_id", given, len, "0 or 1");
	WRITE_ONCE(tpg->complete_device_id, *given == '1');
	return count;
}

static ssize_t tcm_loop_tpg_write_protect_show(struct config_item *item,
					       char *page)
{
	return tcm_loop_protect_show(to_tcm_loop_tpg(to_tpg(item)), page);
}

static ssize_t tcm_loop_tpg_write_protect_store(struct config_item *item,
						const char *page, size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));
	size_t len = count;
	const char *given = trimmed(page, &len);
	char *list;
	int ret;

	list = kstrndup(given, len, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	ret = tcm_loop_protect_store(tpg, list);
	kfree(list);
	if (ret == -EINVAL)
		return refuse(tpg, "write_protect", given, len,
			      "numbers of LUNs, like 0,3-7, or nothing");
	return ret ? ret : count;
}

static ssize_t tcm_loop_tpg_faults_show(struct config_item *item, char *page)
{
	return tcm_loop_faults_show(to_tcm_loop_tpg(to_tpg(item)), page,
				    PAGE_SIZE);
}

/* "LUN LINE" */
static int store_fault(struct tcm_loop_tpg *tpg, const char *given, size_t len)
{
	const char *end = given + len, *line = given;
	struct tcm_loop_lun *lun = NULL;
	char number[8] = "";
	u16 lun_number;
	int ret;

	while (line < end && !is_blank(*line))
		line++;
	if (line - given < (ssize_t)sizeof(number))
		memcpy(number, given, line - given);
	if (!kstrtou16(number, 10, &lun_number)) {
		mutex_lock(&tpg->host->lock);
		lun = tcm_loop_lun_find(tpg, lun_number);
		if (lun)
			kref_get(&lun->ref);
		mutex_unlock(&tpg->host->lock);
	}
	if (!lun)
		return refuse(
			tpg, "faults", given, len,
			"the number of a linked LUN, then a line as its file in debugfs takes it");
	ret = tcm_loop_faults_store(lun, line, end - line);
	tcm_loop_lun_put(lun);
	return ret;
}

static ssize_t tcm_loop_tpg_faults_store(struct config_item *item,
					 const char *page, size_t count)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(to_tpg(item));
	const char *end = page + count, *stop, *given;
	size_t len;
	int ret;

	for (; page < end; page = stop + 1) {
		stop = memchr(page, '\n', end - page) ?: end;
		len = stop - page;
		given = trimmed(page, &len);
		ret = len ? store_fault(tpg, given, len) : 0;
		if (ret)
			return ret;
	}
	return count;
}

CONFIGFS_ATTR(tcm_loop_tpg_, nexus);
CONFIGFS_ATTR(tcm_loop_tpg_, transport_status);
CONFIGFS_ATTR(tcm_loop_tpg_, complete_device_id);
CONFIGFS_ATTR(tcm_loop_tpg_, write_protect);
CONFIGFS_ATTR(tcm_loop_tpg_, faults);
CONFIGFS_ATTR_RO(tcm_loop_tpg_, address);
CONFIGFS_ATTR_RO(tcm_loop_tpg_, held);

struct configfs_attribute *tcm_loop_tpg_attrs[] = {
	&tcm_loop_tpg_attr_nexus,
	&tcm_loop_tpg_attr_transport_status,
	&tcm_loop_tpg_attr_complete_device_id,
	&tcm_loop_tpg_attr_write_protect,
	&tcm_loop_tpg_attr_address,
	&tcm_loop_tpg_attr_held,
	TCM_LOOP_HAS_FAULTS ? &tcm_loop_tpg_attr_faults : NULL,
	NULL,
};

static ssize_t tcm_loop_wwn_version_show(struct config_item *item, char *page)
{
	return sprintf(page, "TCM Loopback Fabric module v%s\n",
		       TCM_LOOP_VERSION);
}

CONFIGFS_ATTR_RO(tcm_loop_wwn_, version);

struct configfs_attribute *tcm_loop_wwn_attrs[] = {
	&tcm_loop_wwn_attr_version,
	NULL,
};

/**
 * tcm_loop_make_wwn - mkdir loopback/$WWN
 * @tf: the fabric
 * @group: unused
 * @name: the target's name
 *
 * May sleep.
 *
 * Return: the target core's object, or an ERR_PTR: -EINVAL for a bad name,
 * else what making the adapter said.
 */
struct se_wwn *tcm_loop_make_wwn(struct target_fabric_configfs *tf,
				 struct config_group *group, const char *name)
{
	struct protocol_name target;
	struct tcm_loop_host *host;
	int ret;

	ret = parse_name(PROTOCOL_TARGET, name, strlen(name), &target);
	if (ret)
		return ERR_PTR(ret);
	host = tcm_loop_host_create(&target);
	if (IS_ERR(host))
		return ERR_CAST(host);
	return &host->wwn;
}

/**
 * tcm_loop_drop_wwn - rmdir loopback/$WWN
 * @wwn: what tcm_loop_make_wwn() returned
 *
 * May sleep.
 */
void tcm_loop_drop_wwn(struct se_wwn *wwn)
{
	tcm_loop_host_destroy(to_tcm_loop_host(wwn));
}

/**
 * tcm_loop_make_tpg - mkdir loopback/$WWN/tpgt_N
 * @wwn: the target
 * @name: the directory's name
 *
 * N is a 16-bit tag in the target core, and TPGs are allocated one by one, so
 * all 65,536 may be used.  May sleep.
 *
 * Return: the target core's object, or an ERR_PTR: -EINVAL for a bad name,
 * -EEXIST for a second spelling of a tag, -ENOMEM, or what the target core
 * said.
 */
struct se_portal_group *tcm_loop_make_tpg(struct se_wwn *wwn, const char *name)
{
	struct tcm_loop_host *host = to_tcm_loop_host(wwn);
	struct tcm_loop_tpg *tpg;
	struct shown shown;
	u16 tpgt;
	int ret;

	/* Digits alone: kstrtou16() lets a sign and a newline pass. */
	if (strncmp(name, "tpgt_", 5) ||
	    strspn(name + 5, "0123456789") != strlen(name + 5) ||
	    kstrtou16(name + 5, 10, &tpgt)) {
		tcm_loop_limited(
			pr_err,
			"%s: target portal group \"%s\"; accepted: tpgt_0 to tpgt_%u\n",
			host->name.text, show(&shown, name, strlen(name)),
			TCM_LOOP_MAX_TPGT);
		return ERR_PTR(-EINVAL);
	}
	tpg = tcm_loop_tpg_create(host, tpgt);
	if (!tpg)
		return ERR_PTR(-ENOMEM);

	ret = core_tpg_register(wwn, &tpg->se_tpg, host->name.protocol);
	if (ret)
		goto out_put;
	tcm_loop_se_tpg_set_rtpi(&tpg->se_tpg, tpg->rtpi);
	ret = tcm_loop_tpg_add(tpg);
	if (ret) {
		tcm_loop_limited(pr_err,
				 "%s: \"%.*s\" is tpgt_%u, which exists\n",
				 host->name.text, SHOWN, name, tpgt);
		goto out_deregister;
	}
	return &tpg->se_tpg;

out_deregister:
	core_tpg_deregister(&tpg->se_tpg);
out_put:
	tcm_loop_tpg_put(tpg);
	return ERR_PTR(ret);
}

/**
 * tcm_loop_drop_tpg - rmdir loopback/$WWN/tpgt_N
 * @se_tpg: what tcm_loop_make_tpg() returned, without LUNs
 *
 * May sleep.
 */
void tcm_loop_drop_tpg(struct se_portal_group *se_tpg)
{
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(se_tpg);

	tcm_loop_tpg_remove(tpg);
	tcm_loop_nexus_drop(tpg);
	core_tpg_deregister(se_tpg);
	tcm_loop_tpg_put(tpg);
}
