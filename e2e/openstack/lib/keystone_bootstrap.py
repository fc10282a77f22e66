"""keystone-manage bootstrap, which makes the tables first.

In one process what are two commands otherwise, db_sync and bootstrap: most of the time
of keystone-manage goes into being started.
"""

import sys

from keystone.cmd import cli
from keystone.common.sql import upgrades

bootstrap = cli.BootStrap.main


def main():
    upgrades.offline_sync_database_to_version()
    bootstrap()


cli.BootStrap.main = staticmethod(main)
cli.main(sys.argv)
