// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write protection: a LUN whose backstore is read-only, or whose number is in
 * tpgt_N/write_protect, takes no command that writes to its medium.
 *
 * The target core refuses none for a read-only backstore, unless the entry of
 * the node ACL says so.  Then it refuses by the direction of the data, and so
 * PERSISTENT RESERVE OUT and MODE SELECT, too, without which the initiator
 * cannot be fenced.  Therefore such commands are refused here, by their CDBs,
 * before the target core has them.
 *
 * EXTENDED COPY writes to another LUN than the one that it is sent to.  The
 * target core looks for that among the LUNs of the nexus, by a designator; the
 * parameter list is looked at here for those of protected LUNs.
 *
 * Kernel defects: read-only-iblock, xcopy-read-only, read-to-device
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>

#include "tcm_loop.h"

/* Of these, older kernels have names for some only. */
static const u8 tcm_loop_writing[] = {
	0x04, /* FORMAT UNIT */
	0x07, /* REASSIGN BLOCKS */
	0x0a, /* WRITE(6) */
	0x10, /* WRITE FILEMARKS(6) */
	0x18, /* COPY */
	0x19, /* ERASE(6) */
	0x2a, /* WRITE(10) */
	0x2c, /* ERASE(10) */
	0x2e, /* WRITE AND VERIFY(10) */
	0x3a, /* COPY AND VERIFY */
	0x3d, /* UPDATE BLOCK */
	0x3f, /* WRITE LONG(10) */
	0x41, /* WRITE SAME(10) */
	0x42, /* UNMAP */
	0x48, /* SANITIZE */
	0x50, /* XDWRITE(10) */
	0x51, /* XPWRITE(10) */
	0x53, /* XDWRITEREAD(10); of a CD: RESERVE TRACK */
	0x58, /* REPAIR TRACK */
	0x5b, /* CLOSE TRACK SESSION */
	0x5d, /* SEND CUE SHEET */
	0x80, /* WRITE FILEMARKS(16) */
	0x81, /* REBUILD(16) */
	0x82, /* REGENERATE(16) */
	0x89, /* COMPARE AND WRITE */
	0x8a, /* WRITE(16) */
	0x8b, /* ORWRITE(16) */
	0x8d, /* WRITE ATTRIBUTE */
	0x8e, /* WRITE AND VERIFY(16) */
	0x93, /* WRITE SAME(16), ERASE(16) */
	0x94, /* ZBC OUT */
	0x9c, /* WRITE ATOMIC(16) */
	0x9d, /* SERVICE ACTION BIDIRECTIONAL */
	0x9f, /* SERVICE ACTION OUT(16): WRITE LONG, WRITE SCATTERED, ... */
	0xa9, /* SERVICE ACTION OUT(12) */
	0xaa, /* WRITE(12) */
	0xac, /* ERASE(12) */
	0xae, /* WRITE AND VERIFY(12) */
	0xb5, /* SECURITY PROTOCOL OUT, which may erase */
};

/* Service actions of a CDB of variable length: SBC-4 */
#define TCM_LOOP_READ_32 0x0009
#define TCM_LOOP_VERIFY_32 0x000a

/* Of SERVICE ACTION IN(16): SBC-4 */
#define TCM_LOOP_REMOVE_ELEMENT 0x18

/* SAT-3, which may be any ATA command */
#define TCM_LOOP_ATA_12 0xa1
#define TCM_LOOP_ATA_16 0x85

/* Those that write nothing to the medium: ACS-3 */
static const u8 tcm_loop_ata[] = {
	0x2f, /* READ LOG EXT */
	0x47, /* READ LOG DMA EXT */
	0xa1, /* IDENTIFY PACKET DEVICE */
	0xb0, /* SMART */
	0xe5, /* CHECK POWER MODE */
	0xec, /* IDENTIFY DEVICE */
};

/* SPC-5, table 31: from here on opcodes are vendor-specific */
#define TCM_LOOP_VENDOR_SPECIFIC 0xc0

static u16 be16(const u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static u32 be32(const u8 *bytes)
{
	return (u32)be16(bytes) << 16 | be16(bytes + 2);
}

/**
 * tcm_loop_is_protected - may a protected LUN not take a command?
 * @lun: the LUN, which is protected
 * @sc: the command
 *
 * What the target core takes for a READ is executed as a WRITE if its data is
 * the initiator's.  Any context.
 *
 * Return: true if the command writes, or may.
 */
bool tcm_loop_is_protected(const struct tcm_loop_lun *lun,
			   const struct scsi_cmnd *sc)
{
	const u8 *cdb = sc->cmnd;

	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		return sc->sc_data_direction != DMA_FROM_DEVICE &&
		       sc->sc_data_direction != DMA_NONE;
	case VARIABLE_LENGTH_CMD:
		return be16(cdb + 8) != TCM_LOOP_READ_32 &&
		       be16(cdb + 8) != TCM_LOOP_VERIFY_32;
	case SERVICE_ACTION_IN_16:
		return (cdb[1] & 0x1f) == TCM_LOOP_REMOVE_ELEMENT;
	case TCM_LOOP_ATA_12:
		return !memchr(tcm_loop_ata, cdb[9], sizeof(tcm_loop_ata));
	case TCM_LOOP_ATA_16:
		return !memchr(tcm_loop_ata, cdb[14], sizeof(tcm_loop_ata));
	case EXTENDED_COPY:
		/* Of others the target core executes it, see below. */
		return lun->passthrough;
	}
	return cdb[0] >= TCM_LOOP_VENDOR_SPECIFIC ||
	       memchr(tcm_loop_writing, cdb[0], sizeof(tcm_loop_writing));
}

/*
 * The NAA identifier that the target core gives a backstore: a company's, and
 * the hexadecimal digits of the serial number, the others left out.
 */
static void tcm_loop_designate(u8 *naa, struct se_device *dev)
{
	const char *serial = tcm_loop_dev_wwn(dev)->unit_serial;
	unsigned int nibble = 7;
	u8 digit;

	memset(naa, 0, TCM_LOOP_NAA_SIZE);
	naa[0] = 0x60 | tcm_loop_dev_company(dev) >> 20;
	naa[1] = tcm_loop_dev_company(dev) >> 12;
	naa[2] = tcm_loop_dev_company(dev) >> 4;
	naa[3] = tcm_loop_dev_company(dev) << 4;
	for (; *serial && nibble < 2 * TCM_LOOP_NAA_SIZE; serial++) {
		if (!isxdigit(*serial))
			continue;
		digit = isdigit(*serial) ? *serial - '0'
					 : tolower(*serial) - 'a' + 10;
		naa[nibble / 2] |= nibble % 2 ? digit : digit << 4;
		nibble++;
	}
}

/**
 * tcm_loop_protect - find out whether a LUN is protected, when it is linked
 * @lun: the LUN
 * @dev: its backstore
 *
 * Tells the target core, for MODE SENSE.  host->lock is held.
 */
void tcm_loop_protect(struct tcm_loop_lun *lun, struct se_device *dev)
{
	const unsigned long *numbers = lun->tpg->write_protect;

	lockdep_assert_held(&lun->tpg->host->lock);
	if (numbers && lun->number <= TCM_LOOP_MAX_LUN &&
	    test_bit(lun->number, numbers))
		tcm_loop_se_lun_set_read_only(lun->se_lun);
	lun->write_protected = tcm_loop_se_lun_is_read_only(lun->se_lun);
	tcm_loop_designate(lun->naa, dev);
}

static bool tcm_loop_is_named(struct tcm_loop_tpg *tpg, const u8 *naa)
{
	struct tcm_loop_lun *lun;
	bool named = false;

	rcu_read_lock();
	list_for_each_entry_rcu(lun, &tpg->luns, node) named |=
		lun->write_protected &&
		(!naa || !memcmp(lun->naa, naa, TCM_LOOP_NAA_SIZE));
	rcu_read_unlock();
	return named;
}

/* EXTENDED COPY: SPC-4 r37, 6.4.3, 6.4.5 and 6.4.6 */
#define TCM_LOOP_COPY_HEADER 16
#define TCM_LOOP_COPY_TARGET 32
#define TCM_LOOP_COPY_SEGMENT 28

/* The target core takes two targets and one segment, and refuses more. */
#define TCM_LOOP_COPY_MAX 512

/**
 * tcm_loop_copies_to_protected - does an EXTENDED COPY write to a protected
 * LUN?
 * @tpg: the TPG it was sent to
 * @sgl: the parameter list, which nobody changes
 * @count: entries of @sgl
 *
 * Any context.
 *
 * Return: true if a destination has the designator of a protected LUN, or if
 * there is such a LUN and the list is longer than the target core takes.
 */
bool tcm_loop_copies_to_protected(struct tcm_loop_tpg *tpg,
				  struct scatterlist *sgl, unsigned int count)
{
	u8 list[TCM_LOOP_COPY_MAX] = {};
	u32 targets, segments, at, target;

	if (!tcm_loop_is_named(tpg, NULL))
		return false;
	sg_copy_to_buffer(sgl, count, list, sizeof(list));
	targets = be16(list + 2);
	segments = be32(list + 8);
	if (segments > sizeof(list) ||
	    TCM_LOOP_COPY_HEADER + targets + segments > sizeof(list))
		return true;
	for (at = TCM_LOOP_COPY_HEADER + targets;
	     at + TCM_LOOP_COPY_SEGMENT <=
	     TCM_LOOP_COPY_HEADER + targets + segments;
	     at += TCM_LOOP_COPY_SEGMENT) {
		/* The number of its destination among the targets. */
		target = be16(list + at + 6) * TCM_LOOP_COPY_TARGET;
		if (target + TCM_LOOP_COPY_TARGET <= targets &&
		    tcm_loop_is_named(tpg,
				      list + TCM_LOOP_COPY_HEADER + target + 8))
			return true;
	}
	return false;
}

/* A list must fit into what configfs hands over at once, newline and NUL. */
#define TCM_LOOP_LIST_SIZE 4094

/**
 * tcm_loop_protect_show - tpgt_N/write_protect
 * @tpg: the TPG
 * @page: where to, one page
 *
 * May sleep.
 *
 * Return: the length.
 */
ssize_t tcm_loop_protect_show(struct tcm_loop_tpg *tpg, char *page)
{
	ssize_t len = 0;

	mutex_lock(&tpg->host->lock);
	if (tpg->write_protect)
		len = tcm_loop_show_bitmap(page, TCM_LOOP_LIST_SIZE,
					   tpg->write_protect,
					   TCM_LOOP_MAX_LUN + 1);
	mutex_unlock(&tpg->host->lock);
	page[len++] = '\n';
	return len;
}

/* Is a list right, and short enough to be read back? */
static int tcm_loop_protect_parse(const char *list, unsigned long *numbers)
{
	char *text;
	int ret = 0;

	if (*list && bitmap_parselist(list, numbers, TCM_LOOP_MAX_LUN + 1))
		return -EINVAL;
	text = kmalloc(TCM_LOOP_LIST_SIZE, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (strlen(list) >= TCM_LOOP_LIST_SIZE ||
	    tcm_loop_show_bitmap(text, TCM_LOOP_LIST_SIZE, numbers,
				 TCM_LOOP_MAX_LUN + 1) >=
		    TCM_LOOP_LIST_SIZE - 1)
		ret = -EINVAL;
	kfree(text);
	return ret;
}

/**
 * tcm_loop_protect_store - change tpgt_N/write_protect
 * @tpg: the TPG
 * @list: numbers of LUNs, as "0,3-7", or an empty text
 *
 * The SCSI layer asks a disk for its protection when it finds it.  May sleep.
 *
 * Return: 0, -EINVAL for a bad list or one of 4 KiB, -EBUSY if a LUN is linked
 * whose protection would change, or -ENOMEM.
 */
int tcm_loop_protect_store(struct tcm_loop_tpg *tpg, const char *list)
{
	struct tcm_loop_host *host = tpg->host;
	struct tcm_loop_lun *lun;
	unsigned long *numbers;
	int ret;

	numbers = kcalloc(BITS_TO_LONGS(TCM_LOOP_MAX_LUN + 1), sizeof(long),
			  GFP_KERNEL);
	if (!numbers)
		return -ENOMEM;
	ret = tcm_loop_protect_parse(list, numbers);
	if (ret) {
		kfree(numbers);
		return ret;
	}
	mutex_lock(&host->lock);
	list_for_each_entry(lun, &tpg->luns, node) {
		if (lun->number > TCM_LOOP_MAX_LUN ||
		    lun->state >= TCM_LOOP_LUN_LEAVING ||
		    test_bit(lun->number, numbers) ==
			    (tpg->write_protect &&
			     test_bit(lun->number, tpg->write_protect)))
			continue;
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u: write_protect: lun_%llu is linked; unlink it to change its protection\n",
			host->name.text, tpg->tpgt, lun->number);
		ret = -EBUSY;
		break;
	}
	if (!ret)
		swap(tpg->write_protect, numbers);
	mutex_unlock(&host->lock);
	kfree(numbers);
	return ret;
}
