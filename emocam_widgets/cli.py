"""The command line: `emocam COMMAND`. A user's error is one sentence and exit code 2."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any

import click

from emocam_widgets.errors import EmocamError

USER_ERROR = 2
STOPPED = 130

# Each is the command of that name in emocam_widgets/commands/<module>.py.
COMMANDS = {
    "analyze": "analyze",
    "demo": "demo",
    "evaluate": "evaluate",
    "faithfulness": "faithfulness",
    "figures": "figures",
    "models": "models",
    "paste": "paste",
    "report": "report",
    "rsa": "rsa",
    "scores": "scores",
    "train": "train",
}


class _OneSentence(click.ClickException):
    """An error of the user's as it is shown: one sentence on stderr, no traceback."""

    exit_code = USER_ERROR


class _Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"emocam_widgets.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                # Our own limit is what counts, and an image over it is named among the failures.
                warnings.filterwarnings("ignore", message=".*decompression bomb", module="PIL")
                return super().invoke(ctx)
        except EmocamError as error:
            raise _OneSentence(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Stopped. What was finished is kept; the same command goes on from there.", err=True)
            ctx.exit(STOPPED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="emocam-widgets", message="%(prog)s %(version)s")
def main() -> None:
    """See what an emotion classifier looks at, over a whole corpus, and test it by experiment."""


if __name__ == "__main__":
    sys.exit(main())
