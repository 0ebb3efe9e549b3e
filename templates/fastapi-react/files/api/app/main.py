from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from app.database import create_tables, engine
from app.routes import tasks

# Made by `npm run build`. During development Vite serves the page.
PAGE = Path(__file__).parents[2] / "dist"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    create_tables(engine)
    yield


app = FastAPI(
    title="New API", version="0.1.0", lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
)
api = APIRouter(prefix="/api")
api.include_router(tasks.router)


@api.get("/health", summary="Check whether the API is up")
def health() -> dict[str, str]:
    return {"status": "ok"}


app.include_router(api)

if (PAGE / "index.html").exists():
    app.mount("/assets", StaticFiles(directory=PAGE / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> FileResponse:
        """Files of the page. Other paths are its routes, except below /api."""
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404, "Not Found")
        file = (PAGE / path).resolve()
        is_file = file.is_relative_to(PAGE) and file.is_file()
        return FileResponse(file if is_file else PAGE / "index.html", headers={"cache-control": "no-cache"})

else:

    @app.get("/", include_in_schema=False)
    def root() -> dict[str, str]:
        return {"status": "ok", "routes": "/api/openapi.json"}
