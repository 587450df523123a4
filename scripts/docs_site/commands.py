"""The reference of the command line, from the commands themselves: what `emocam COMMAND --help` prints."""

from __future__ import annotations

from collections.abc import Iterator

import click

from emocam_widgets.cli import main

WIDTH = 84


def command_reference() -> str:
    """Markdown: a section for each command and subcommand with its help."""
    context = click.Context(main, info_name="emocam", terminal_width=WIDTH, max_content_width=WIDTH)
    return "\n".join(_sections(main, context, level=2))


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command below a group, with its whole name ("emocam models pull") and its context."""
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is None:
            raise LookupError(f"{context.command_path} lists {name!r} and has no such command")
        inner = click.Context(found, info_name=name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH)
        yield inner.command_path, found, inner
        yield from walk(found, inner)


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    for path, found, inner in walk(command, context):
        depth = level + len(path.split()) - 2
        yield from (f"{'#' * depth} {path}", "", "```text", found.get_help(inner), "```", "")
