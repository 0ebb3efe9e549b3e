"""The database: SQLite in `data/`, or the one of DATABASE_URL."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine

DATA = Path(__file__).parent.parent / "data"


def open_engine(url: str | None = None) -> Engine:
    """Opens a database. `sqlite://` is one in memory, for tests."""
    if url is None:
        DATA.mkdir(exist_ok=True)
        url = f"sqlite:///{DATA / 'app.db'}"
    if not url.startswith("sqlite"):
        # Connected containers give postgresql://…; the package pg8000 is the driver.
        return create_engine(url.replace("postgresql://", "postgresql+pg8000://", 1), pool_pre_ping=True)
    in_memory = {"poolclass": StaticPool} if url == "sqlite://" else {}
    return create_engine(url, connect_args={"check_same_thread": False}, **in_memory)


engine = open_engine(os.environ.get("DATABASE_URL"))


def create_tables(on: Engine) -> None:
    """Creates the tables that do not exist. It does not change tables that do."""
    SQLModel.metadata.create_all(on)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
