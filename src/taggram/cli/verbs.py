"""The verbs of ``taggram``, of which ``tag`` may be left out."""

from __future__ import annotations

import os
from typing import Any

from typer.core import TyperGroup

from taggram.audio.discovery.files import SUFFIXES
from taggram.errors import did_you_mean


class Verbs(TyperGroup):
    """The verbs; ``taggram song.mp3`` means ``taggram tag song.mp3``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert ``tag`` before audio, and before options other than those of ``taggram`` itself; then parse."""
        if args and self._means_tag(ctx, args):
            args = ["tag", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the verb; the error for an unknown one has similar verbs."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            near = did_you_mean(args[0], self._phrases())
            ctx.fail(f"there is no command, file or folder named {args[0]!r}{near}")
        return super().resolve_command(ctx, args)

    def _means_tag(self, ctx: Any, args: list[str]) -> bool:
        if not args[0].startswith("-") or args[0] == "-":
            return args[0] not in self.commands and _is_audio(args[0])
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        return args[0] not in own and not self.commands.keys() & set(args)

    def _phrases(self) -> list[str]:
        """Return the verbs, and those of groups with the group before them."""
        below = [f"{name} {verb}" for name, group in self.commands.items() for verb in getattr(group, "commands", ())]
        return [*self.commands, *below]


def _is_audio(argument: str) -> bool:
    return argument == "-" or argument.lower().endswith(SUFFIXES) or os.path.lexists(argument)
