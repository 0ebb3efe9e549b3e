"""Tables, and the shapes of requests and responses."""

from datetime import UTC, datetime

from sqlmodel import Field, SQLModel


class TaskBase(SQLModel):
    title: str = Field(min_length=1, max_length=200)
    is_done: bool = False


class Task(TaskBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class TaskCreate(TaskBase):
    model_config = {"str_strip_whitespace": True, "extra": "forbid"}


class TaskUpdate(SQLModel):
    model_config = {"str_strip_whitespace": True, "extra": "forbid"}

    title: str | None = Field(default=None, min_length=1, max_length=200)
    is_done: bool | None = None


class TaskPublic(TaskBase):
    id: int
    created_at: datetime
