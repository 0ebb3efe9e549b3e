from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from app.welcome import WELCOME_PAGE

app = FastAPI(title="New API", version="0.1.0")


class Hello(BaseModel):
    message: str


@app.get("/", response_class=HTMLResponse, include_in_schema=False)
def welcome() -> str:
    return WELCOME_PAGE


@app.get("/api/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/hello")
def hello(name: str = "world") -> Hello:
    return Hello(message=f"Hello, {name}!")
