// SPDX-License-Identifier: GPL-2.0-only
/*
 * TransportIDs and designators, see include/protocol_id.h.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdio.h>
#include <string.h>
#endif

#include "protocol_id.h"

/* All but iSCSI: SPC-4, 7.6.4.1 */
#define FIXED_TRANSPORT_ID 24

/* FORMAT CODE of an iSCSI TransportID, in byte 0: SPC-4, 7.6.4.6 */
#define ISCSI_FORMAT_DEVICE 0x00 /* table 507: the name alone */
#define ISCSI_FORMAT_PORT 0x40	 /* table 508: name and ISID */
#define FORMAT_CODE_MASK 0xc0
#define PROTOCOL_ID_MASK 0x0f

/* ADDITIONAL LENGTH of an iSCSI TransportID, at least: SPC-4, 7.6.4.6 */
#define ISCSI_ADDITIONAL_MIN 20

/*
 * The first byte of the name in a TransportID, and how many there are: SPC-4,
 * 7.6.4.2 (FCP), 7.6.4.4 (SBP), 7.6.4.5 (SRP), 7.6.4.7 (SAS).  The length of
 * an iSCSI TransportID is not fixed: 7.6.4.6.
 */
struct transport_id_layout {
	enum protocol_id protocol;
	u8 offset;
	u8 bytes;
};

static const struct transport_id_layout layouts[] = {
	{ PROTOCOL_ID_FCP, 8, 8 },
	{ PROTOCOL_ID_SBP, 8, 8 },
	{ PROTOCOL_ID_SRP, 8, 16 },
	{ PROTOCOL_ID_SAS, 4, 8 },
};

static const struct transport_id_layout *layout_of(enum protocol_id protocol)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].protocol == protocol)
			return &layouts[i];
	return NULL;
}

static unsigned int get_be16(const u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static void put_be16(u8 *bytes, unsigned int value)
{
	bytes[0] = value >> 8;
	bytes[1] = value;
}

static int build_iscsi(const struct protocol_name *name, u8 *buf, size_t size)
{
	size_t text = strlen(name->text), isid = strlen(name->isid);
	size_t used = text + (isid ? ISID_SEPARATOR_LEN + isid : 0) + 1;
	size_t additional = (used + 3) & ~(size_t)3;

	if (text > PROTOCOL_ISCSI_NAME_MAX)
		return -EINVAL;
	if (additional < ISCSI_ADDITIONAL_MIN)
		additional = ISCSI_ADDITIONAL_MIN;
	if (size < 4 + additional)
		return -ENOSPC;

	memset(buf, 0, 4 + additional);
	buf[0] = PROTOCOL_ID_ISCSI;
	put_be16(buf + 2, additional);
	memcpy(buf + 4, name->text, text);
	if (isid) {
		buf[0] |= ISCSI_FORMAT_PORT;
		memcpy(buf + 4 + text, ISID_SEPARATOR, ISID_SEPARATOR_LEN);
		memcpy(buf + 4 + text + ISID_SEPARATOR_LEN, name->isid, isid);
	}
	return 4 + additional;
}

/**
 * transport_id_build - the TransportID of an initiator port
 * @name: the port's name
 * @buf: where it goes
 * @size: how much room there is; TRANSPORT_ID_SIZE is always enough
 *
 * SPC-4, 7.6.4.  An iSCSI port with an ISID gets the initiator port format,
 * one without it the initiator device format.  Of a SAS name of 32 digits the
 * first 16 are taken, as the target core does: a SAS address has no more.
 *
 * Return: the TransportID's length; -ENOSPC if @size is less; -EINVAL if the
 * name is none of a protocol that has TransportIDs here.
 */
int transport_id_build(const struct protocol_name *name, u8 *buf, size_t size)
{
	const struct transport_id_layout *layout = layout_of(name->protocol);

	if (name->protocol == PROTOCOL_ID_ISCSI)
		return build_iscsi(name, buf, size);
	if (!layout)
		return -EINVAL;
	if (size < FIXED_TRANSPORT_ID)
		return -ENOSPC;
	memset(buf, 0, FIXED_TRANSPORT_ID);
	buf[0] = name->protocol;
	if (protocol_name_to_bytes(name->protocol, protocol_name_of_port(name),
				   buf + layout->offset, layout->bytes))
		return -EINVAL;
	return FIXED_TRANSPORT_ID;
}

static int parse_iscsi(const u8 *buf, size_t len, struct protocol_name *name)
{
	const int format = buf[0] & FORMAT_CODE_MASK;
	const char *given = (const char *)buf + 4;
	struct protocol_name_error error;
	size_t additional, given_len;
	const char *end;

	additional = get_be16(buf + 2);
	if (additional < ISCSI_ADDITIONAL_MIN || additional % 4 ||
	    len < 4 + additional)
		return -EINVAL;
	/* What follows the first NUL does not count. */
	end = memchr(given, '\0', additional);
	if (!end)
		return -EINVAL;
	given_len = end - given;
	if (protocol_name_parse(PROTOCOL_INITIATOR, given, given_len, name,
				&error) < 0 ||
	    name->protocol != PROTOCOL_ID_ISCSI)
		return -EINVAL;
	if (format != (name->isid[0] ? ISCSI_FORMAT_PORT : ISCSI_FORMAT_DEVICE))
		return -EINVAL;
	return 4 + additional;
}

/**
 * transport_id_parse - read a TransportID
 * @buf: where it begins
 * @len: how many bytes there are; more may follow the TransportID
 * @name: where the port's name goes; undefined on error
 *
 * SPC-4, 7.6.4.  Reserved fields are not looked at.
 *
 * Return: the TransportID's length, or -EINVAL: cut short, of a protocol
 * without a known form, or not a name.
 */
int transport_id_parse(const u8 *buf, size_t len, struct protocol_name *name)
{
	const struct transport_id_layout *layout;
	enum protocol_id protocol;

	if (len < FIXED_TRANSPORT_ID)
		return -EINVAL;
	protocol = buf[0] & PROTOCOL_ID_MASK;
	layout = layout_of(protocol);
	if (protocol == PROTOCOL_ID_ISCSI)
		return parse_iscsi(buf, len, name);
	if (!layout || buf[0] & FORMAT_CODE_MASK)
		return -EINVAL;
	name->protocol = protocol;
	name->odd = false;
	name->isid[0] = '\0';
	name->port[0] = '\0';
	protocol_name_from_bytes(protocol, buf + layout->offset, layout->bytes,
				 name->text);
	return FIXED_TRANSPORT_ID;
}

/* Bytes of a designation descriptor: SPC-4, 7.8.6.1 */
#define DESCRIPTOR_HEADER 4
#define PAGE_HEADER 4
#define PIV 0x80

/**
 * designator_next - walk over the designation descriptors of a page 0x83
 * @page: the page
 * @len: how many bytes of it there are
 * @at: 0 at first; then for the function's use
 * @designator: where the next one goes
 *
 * SPC-4, 7.8.6.1.
 *
 * Return: 1 with @designator filled in; 0 at the end of the page; -EINVAL if
 * it is another page, is cut short, or a descriptor does not fit in.
 */
int designator_next(const u8 *page, size_t len, size_t *at,
		    struct designator *designator)
{
	const u8 *d;
	size_t end;

	if (len < PAGE_HEADER || page[1] != DEVICE_ID_PAGE)
		return -EINVAL;
	end = PAGE_HEADER + get_be16(page + 2);
	if (!*at)
		*at = PAGE_HEADER;
	if (end > len || *at > end)
		return -EINVAL;
	if (*at == end)
		return 0;
	d = page + *at;
	if (end - *at < DESCRIPTOR_HEADER ||
	    end - *at - DESCRIPTOR_HEADER < d[3])
		return -EINVAL;

	designator->code_set = d[0] & 0x0f;
	designator->association = d[1] >> 4 & 3;
	designator->type = d[1] & 0x0f;
	designator->len = d[3];
	designator->data = d + DESCRIPTOR_HEADER;
	designator->protocol = PROTOCOL_ID_NONE;
	if (d[1] & PIV && (designator->association == DESIGNATOR_OF_PORT ||
			   designator->association == DESIGNATOR_OF_DEVICE))
		designator->protocol = d[0] >> 4;
	*at += DESCRIPTOR_HEADER + d[3];
	return 1;
}

/* A page that is being written. */
struct page_writer {
	u8 *page;
	size_t size;
	size_t used;
};

static int put_bytes(struct page_writer *w, const void *bytes, size_t len)
{
	if (w->size - w->used < len)
		return -ENOSPC;
	memcpy(w->page + w->used, bytes, len);
	w->used += len;
	return 0;
}

static int put_designator(struct page_writer *w, enum protocol_id protocol,
			  enum designator_code_set code_set,
			  enum designator_association association,
			  enum designator_type type, const void *data,
			  size_t len)
{
	const u8 header[DESCRIPTOR_HEADER] = {
		protocol << 4 | code_set,
		PIV | association << 4 | type,
		0,
		len,
	};
	int ret;

	ret = put_bytes(w, header, sizeof(header));
	return ret ? ret : put_bytes(w, data, len);
}

/*
 * The name of a target device or, with ",t,0x" and its tag, of a target port,
 * as a SCSI name string: SPC-4, 7.8.6.11.  It begins with naa., eui. or iqn.,
 * ends with a NUL and is padded with NULs to a multiple of four.
 */
static int put_name_string(struct page_writer *w,
			   const struct protocol_name *target,
			   enum designator_association association, u16 tag)
{
	/* room for a name of 223 bytes, ",t,0x", four digits and a NUL */
	char text[PROTOCOL_NAME_SIZE + 16] = { 0 };
	const char *from = target->text;
	size_t len = 0;

	if (target->protocol == PROTOCOL_ID_FCP) {
		memcpy(text, "naa.", 4);
		for (len = 4; *from; from++)
			if (*from != ':')
				text[len++] = *from;
	} else {
		len = strlen(from);
		memcpy(text, from, len);
	}
	if (association == DESIGNATOR_OF_PORT)
		len += snprintf(text + len, sizeof(text) - len, ",t,0x%04x",
				tag);
	len = (len + 1 + 3) & ~(size_t)3;
	return put_designator(w, target->protocol, DESIGNATOR_UTF8, association,
			      DESIGNATOR_NAME_STRING, text, len);
}

static bool is_name_string(const struct designator *d)
{
	return d->len >= 4 &&
	       (!memcmp(d->data, "naa.", 4) || !memcmp(d->data, "eui.", 4) ||
		!memcmp(d->data, "iqn.", 4));
}

/*
 * The target port's identifier as an NAA designator, which SPL (a SAS address)
 * and FCP (a Port_Name) want in this page.  Only what is an NAA identifier by
 * SPC-4, 7.8.6.6, has one: NAA 2, 3 and 5 with eight bytes, 6 with sixteen.
 */
static int put_naa(struct page_writer *w, const struct protocol_name *target)
{
	size_t len = 8;
	u8 naa[16];

	if (target->protocol == PROTOCOL_ID_SAS &&
	    strlen(target->text) == 4 + 32)
		len = 16;
	if (protocol_name_to_bytes(target->protocol, target->text, naa, len))
		return -EINVAL;
	switch (naa[0] >> 4) {
	case 2:
	case 3:
	case 5:
		if (len != 8)
			return 0;
		break;
	case 6:
		if (len != 16)
			return 0;
		break;
	default:
		return 0;
	}
	return put_designator(w, target->protocol, DESIGNATOR_BINARY,
			      DESIGNATOR_OF_PORT, DESIGNATOR_NAA, naa, len);
}

/**
 * device_id_complete - what the target core's page 0x83 lacks
 * @page: the whole page
 * @len: how many bytes there are
 * @out: where the completed page goes; not @page
 * @size: how much room there is; @len + DEVICE_ID_GROWTH is enough for a page
 *	with at most one name string of the port and one of the device
 * @target: the target's name
 * @tag: the target portal group's tag
 *
 * SPC-4, 7.8.6.  Whatever the page has stays as and where it is, but for SCSI
 * name strings of the port and the device that do not begin as they must; what
 * it lacks follows: an NAA designator of a SAS or FC target port, and name
 * strings of the port and the device.
 *
 * Kernel defect: device-identification
 *
 * Return: the length of the page in @out; -EINVAL if @page is malformed, or
 * has a port or a device of another protocol; -ENOSPC if @size is too small.
 */
int device_id_complete(const u8 *page, size_t len, u8 *out, size_t size,
		       const struct protocol_name *target, u16 tag)
{
	struct page_writer w = { .page = out, .size = size };
	bool naa = target->protocol == PROTOCOL_ID_ISCSI;
	bool port = false, device = false;
	struct designator d;
	size_t at = 0;
	int ret, more;

	if (len < PAGE_HEADER)
		return -EINVAL;
	ret = put_bytes(&w, page, PAGE_HEADER);
	while (!ret && (more = designator_next(page, len, &at, &d)) != 0) {
		if (more < 0)
			return more;
		if (d.protocol != PROTOCOL_ID_NONE &&
		    d.protocol != target->protocol)
			return -EINVAL;
		if (d.association == DESIGNATOR_OF_PORT) {
			naa = naa || d.type == DESIGNATOR_NAA;
			port = port || d.type == DESIGNATOR_NAME_STRING;
		}
		if (d.association == DESIGNATOR_OF_DEVICE)
			device = device || d.type == DESIGNATOR_NAA ||
				 d.type == DESIGNATOR_NAME_STRING;
		if (d.type == DESIGNATOR_NAME_STRING &&
		    d.protocol == target->protocol && !is_name_string(&d))
			ret = put_name_string(&w, target, d.association, tag);
		else
			ret = put_bytes(&w, d.data - DESCRIPTOR_HEADER,
					DESCRIPTOR_HEADER + d.len);
	}
	if (!ret && !naa)
		ret = put_naa(&w, target);
	if (!ret && !port)
		ret = put_name_string(&w, target, DESIGNATOR_OF_PORT, tag);
	if (!ret && !device)
		ret = put_name_string(&w, target, DESIGNATOR_OF_DEVICE, tag);
	if (ret)
		return ret;
	if (w.used - PAGE_HEADER > 0xffff)
		return -ENOSPC;
	put_be16(out + 2, w.used - PAGE_HEADER);
	return w.used;
}
