#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""unpack.py FOLDER ARCHIVE...: unpacks captured trees into a folder of their own."""

import pathlib
import shutil
import sys
import tarfile


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        for member in tar:
            path = pathlib.PurePosixPath(member.name)
            assert not path.is_absolute() and ".." not in path.parts, f"{archive}: {path}"
            # As whoever unpacks it, and so that it can be removed again.
            member.mode |= 0o700 if member.isdir() else 0o400
            member.uid, member.gid, member.uname, member.gname = 0, 0, "", ""
            tar.extract(member, folder, set_attrs=member.isdir())


def main(folder, archives):
    shutil.rmtree(folder, ignore_errors=True)
    pathlib.Path(folder).mkdir(parents=True)
    for archive in archives:
        unpack(archive, folder)


main(sys.argv[1], sys.argv[2:])
