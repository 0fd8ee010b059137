"""uvicorn's websocket protocol, with compression for the page's document and for nothing else."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PAGE = "/ws"


class PageSocket(WebSocketsSansIOProtocol):
    """Bokeh sends a page as one text of some 250 kB, a tenth of it packed; small, frequent
    messages of other sockets cost more to pack than they save."""

    def handle_connect(self, event: Any) -> None:
        """Offer permessage-deflate to the page's socket only."""
        if event.path.partition("?")[0] != PAGE:
            self.conn.available_extensions = None
        super().handle_connect(event)
