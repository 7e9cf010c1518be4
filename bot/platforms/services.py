"""What a chat platform's adapter calls: the services behind it, and where it says that it can speak."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from bot.chat.platform import ChannelPoster, MessageContext, ReplySender
from bot.chat.ports import ConversationStore, Markers, PostedMessages
from bot.commands.console import Console
from bot.handoff.service import HandoffService
from bot.inbox.notices import Voting
from bot.inbox.ports import InboxStore
from bot.inbox.service import InboxService
from bot.sources.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class PlatformServices:
    """The same for every platform. `allowed_networks` are the private addresses that files may be fetched from,
    `data_dir` is where what belongs to this machine alone may be kept; `mask` hides what is nobody's business."""

    inbox: InboxService
    inbox_store: InboxStore
    conversations: ConversationStore
    markers: Markers
    posted_messages: PostedMessages
    catalogue: Catalogue
    console: Console
    handoffs: HandoffService
    voting: Voting
    posters: MutableMapping[str, ChannelPoster]
    allowed_networks: tuple[str, ...]
    data_dir: Path
    mask: Callable[[str], str]

    def add_platform(
        self,
        platform: str,
        answers: ReplySender,
        posts: ChannelPoster | None = None,
        surroundings: MessageContext | None = None,
    ) -> None:
        """From now on questions of `platform` are answered through `answers`, cards posted through `posts`; what stands
        near a question is read through `surroundings`. Without `posts` nobody there can be handed to people."""
        if posts:
            self.posters[platform] = posts
        self.inbox.add_platform(platform, answers, surroundings)

    def remove_platform(self, platform: str) -> None:
        """What is owed there waits until it is added again."""
        self.inbox.remove_platform(platform)
        self.posters.pop(platform, None)
