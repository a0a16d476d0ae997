# Python's zipfile packs the working directory, git's own folder left out, as `aws deploy push` does it:
# python3 zipfile-peer.py <output>
import os
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=6) as archive:
    for folder, folders, files in os.walk('.'):
        if '.git' in folders:
            folders.remove('.git')
        for name in files:
            path = os.path.join(folder, name)
            archive.write(path, os.path.relpath(path, '.'))
