"""The composition root: one process, one port, one library."""

import contextlib
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware
from tornado.web import HTTPError

from twin.engine import Engine
from twin.jobs import Job, Jobs
from twin.repository import Repository
from viewer import files, uploads
from viewer.answers import Rays
from viewer.guard import Guard
from viewer.news import News
from viewer.settings import Settings

STATIC = Path(__file__).parent / "static"
INCOMING = "uploads-{port}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Services:
    """What every page of one server shares."""

    settings: Settings
    repository: Repository
    jobs: Jobs
    engine: Engine
    uploads: uploads.Uploads
    rays: Rays
    news: News
    threads: ThreadPoolExecutor
    """For what is made ready before somebody asks for it."""


def create_app(settings: Settings) -> FastAPI:
    """The whole server of one library, ready for uvicorn."""
    _prepare_bokeh(settings)
    services = _services(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.engine.ask("warm")
        yield
        services.news.close()
        services.jobs.close()
        services.engine.close()
        services.threads.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title="Theatrum", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.services = services
    app.include_router(files.router(services.repository))
    app.include_router(uploads.router(services.uploads))

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        return {"ok": True, "cases": len(services.repository.names())}

    @app.exception_handler(HTTPError)
    async def not_served(_: Request, refusal: HTTPError) -> Response:
        return PlainTextResponse("There is no such file.\n", refusal.status_code)

    app.state.bokeh = _add_page(app, services)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=5)
    app.add_middleware(Guard, settings=settings)
    return app


def _services(settings: Settings) -> Services:
    """The library, its imports and uploads; an upload goes once nothing can ask for it again."""
    repository = Repository(settings.library)
    repository.tidy()
    incoming = uploads.Uploads(
        repository.tmp / INCOMING.format(port=settings.port), most_bytes=settings.upload_bytes
    )

    def ended(job: Job) -> None:
        if job.state in ("cancelled", "refused") or (job.state == "done" and not job.found):
            for path in (job.order.path, *(file.path for file in job.order.labels)):
                incoming.discard_path(path)

    jobs = Jobs(settings.library, ended=ended)
    return Services(
        settings=settings,
        repository=repository,
        jobs=jobs,
        engine=Engine(settings.library, memory_bytes=settings.planning_bytes),
        uploads=incoming,
        rays=Rays(repository),
        news=News(jobs, repository),
        threads=ThreadPoolExecutor(2, thread_name_prefix="theatrum"),
    )


def _add_page(app: FastAPI, services: Services) -> Any:
    """Serve the page at the root; Panel is imported here, after Bokeh has been prepared."""
    from panel.io.fastapi import add_applications

    from viewer import bokeh_repair
    from viewer.pages.frame import view
    from viewer.pages.theatre import page

    bokeh_repair.apply()
    return add_applications(
        {"/": page(services, view)},
        app=app,
        title="Theatrum",
        location=False,
        websocket_origin=services.settings.origins,
        secret_key=services.settings.secret.encode(),
        sign_sessions=True,
        include_headers=[],
        include_cookies=[],
    )


def serve(settings: Settings) -> None:
    """Run until interrupted."""
    import uvicorn

    uvicorn.Server(server_config(create_app(settings), settings)).run()


def server_config(app: FastAPI, settings: Settings) -> Any:
    """How uvicorn serves the app."""
    import uvicorn

    from viewer.sockets import PageSocket

    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=PageSocket,
        ws_per_message_deflate=True,
        ws_max_size=64 << 20,
        timeout_graceful_shutdown=5,
        log_level="warning",
        server_header=False,
    )


def _prepare_bokeh(settings: Settings) -> None:
    """Bokeh and Panel read these when they are imported, and nowhere else."""
    os.environ["BOKEH_RESOURCES"] = "server"
    os.environ["BOKEH_SIGN_SESSIONS"] = "true"
    os.environ["BOKEH_SECRET_KEY"] = settings.secret
    import panel
    from bokeh.embed.bundle import extension_dirs

    panel.config.nthreads = 4
    panel.config.js_modules = {"theatre": "static/extensions/theatrum/bundle/theatre.js"}
    extension_dirs["theatrum"] = STATIC
