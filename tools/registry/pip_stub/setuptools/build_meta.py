"""A build backend that runs none of a package's code.

pip asks a source distribution's backend for its metadata before it keeps the
download. This one answers with the PKG-INFO that the archive already ships.
"""

import os


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    with open("PKG-INFO", encoding="utf-8") as f:
        text = f.read()
    fields = dict(
        line.split(": ", 1)
        for line in text.split("\n\n", 1)[0].splitlines()
        if line[:1].isalpha() and ": " in line
    )
    name = "%s-%s.dist-info" % (
        fields["Name"].replace("-", "_"),
        fields["Version"],
    )
    folder = os.path.join(metadata_directory, name)
    os.makedirs(folder)
    with open(os.path.join(folder, "METADATA"), "w", encoding="utf-8") as f:
        f.write(text)
    return name
