#!/usr/bin/env python
"""Django's command line, on the embedded services when no server is named."""

import sys

OLDEST = (3, 11)


def main() -> None:
    if sys.version_info < OLDEST:
        sys.stderr.write("Python 3.11 or newer is needed; this is {}.{}.\n".format(*sys.version_info[:2]))
        sys.exit(2)
    from complere import env
    from complere.embedded import services

    env.put_default("DJANGO_SETTINGS_MODULE", "complere.settings")
    services.attach_or_exit(sys.argv)
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except env.SettingRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
