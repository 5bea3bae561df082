# SPDX-License-Identifier: GPL-2.0-only
"""Names of target ports and initiator ports, as src/protocol_name.c has them, and names that are derived."""
import contextlib
import hashlib
import os
import re

PROTOCOLS = "sas", "fc", "iscsi"


class Error(Exception):
    """What the user is told, and the exit status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


# The rules hold whatever the loaded module accepts.  A name is seen as its bytes in UTF-8.
HEX = "[0-9A-Fa-f]"
LABEL = r"[a-z0-9\x80-\xff-]+"
ISID = f"(?:,i,0x{HEX}{{12}})?"
ISCSI = ("iqn.yyyy-mm.reversed.domain[:anything] in lower case, at most 223 characters, or eui. and 16 hexadecimal digits",
         "; then nothing, or ,i,0x and the 12 hexadecimal digits of the ISID")
NAMES = {  # prefix: protocol, pattern, what is accepted, and both for the end of an initiator port's name
    "naa.": ("sas", rf"naa\.(?:[12356C-Fc-f]{HEX}{{15}}|6{HEX}{{31}})",
             "naa. and 16 hexadecimal digits that begin with 1, 2, 3, 5, 6 or C to F, or 32 that begin with 6", "", ""),
    "fc.": ("fc", rf"fc\.(?:{HEX}{{16}}|{HEX}{{2}}(?::{HEX}{{2}}){{7}})",
            "fc. and 16 hexadecimal digits, or eight hexadecimal bytes separated by colons", "", ""),
    "iqn.": ("iscsi", rf"(?=[^,]{{1,223}}(?:,|\Z))iqn\.[0-9]{{4}}-(?:0[1-9]|1[0-2])\.{LABEL}(?:\.{LABEL})*(?::[a-z0-9\x80-\xff.:-]*)?",
             ISCSI[0], ISID, ISCSI[1]),
    "eui.": ("iscsi", rf"eui\.{HEX}{{16}}", ISCSI[0], ISID, ISCSI[1]),
}
# The beginning of a name is right if one of these completes it.
COMPLETIONS = [text[at:] for text in ("6" + 31 * "0", "00" + 7 * ":00", "2000-11.a", ",i,0x" + 12 * "0") for at in range(len(text) + 1)]


def protocol_of(name, what="target"):
    for prefix, rules in NAMES.items():
        if name.startswith(prefix):
            return rules[0]
    raise Error(f"{what} \"{name}\": accepted are naa. (SAS), fc. (Fibre Channel), iqn. and eui. (iSCSI) names")


def check_name(disk, what, name, protocol):
    """Refuse the name of a target or an initiator port in the words of the module."""
    if protocol_of(name, f"{disk}: {what}") != protocol:
        raise Error(f"{disk}: {what} \"{name}\" is not of protocol {protocol}")
    prefix = next(prefix for prefix in NAMES if name.startswith(prefix))
    _, pattern, accepted, isid, isid_accepted = NAMES[prefix]
    if what == "initiator":
        pattern, accepted = pattern + isid, accepted + isid_accepted
    given = name.encode("utf-8", "surrogateescape").decode("latin-1")
    if re.fullmatch(pattern, given):
        return
    right = len(prefix)
    while right < len(given) and any(re.fullmatch(pattern, given[:right + 1] + rest) for rest in COMPLETIONS):
        right += 1
    shown = re.sub(r'[^ -~]|["\\]', lambda match: f"\\x{ord(match[0]):02x}", given[:64])
    wrong = f"wrong at character {right + 1}" if right < len(given) else f"too short with {right} characters"
    raise Error(f"{disk}: {what} \"{shown}\": {wrong}; accepted: {accepted}")


def machine():
    for path in "/etc/machine-id", "/var/lib/dbus/machine-id":
        with contextlib.suppress(OSError), open(path) as f:
            text = f.read().strip()
            if text in ("", "uninitialized"):
                raise Error(f"{path} has no machine ID yet, from which names come; \"systemd-machine-id-setup\" makes one")
            return text
    return os.uname().nodename


def digits(disk, what, count):
    """The same on each boot of the same machine, and nowhere else."""
    return hashlib.sha256(f"{machine()} {disk} {what}".encode()).hexdigest()[:count]


def generate(disk, what, protocol):
    if protocol == "iscsi":
        return f"iqn.2003-01.org.linux-iscsi.tcm-loop:{what}.{digits(disk, what, 12)}"
    naa = "5001405" + digits(disk, what, 9)  # IEEE registered, with the OUI that LIO uses
    if protocol == "sas":
        return "naa." + naa
    return "fc." + ":".join(naa[i:i + 2] for i in range(0, 16, 2))


def designator(serial):
    """The digits of the NAA designator that the target core makes of a serial number: its first 25 hexadecimal ones."""
    return "".join(re.findall(HEX, serial))[:25].ljust(25, "0").lower()
