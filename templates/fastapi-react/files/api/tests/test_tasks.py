from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.database import create_tables, get_session, open_engine
from app.main import app


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The API with an empty database in memory."""
    engine = open_engine("sqlite://")
    create_tables(engine)

    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            yield opened

    app.dependency_overrides[get_session] = session
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_a_task_is_created_changed_and_deleted(client: TestClient) -> None:
    made = client.post("/api/tasks", json={"title": "  Buy flour "})
    assert made.status_code == 201
    task = made.json()
    assert (task["title"], task["is_done"]) == ("Buy flour", False)
    assert client.patch(f"/api/tasks/{task['id']}", json={"is_done": True}).json()["is_done"] is True
    assert [one["title"] for one in client.get("/api/tasks").json()] == ["Buy flour"]
    assert client.delete(f"/api/tasks/{task['id']}").status_code == 204
    assert client.get("/api/tasks").json() == []


def test_wrong_input_is_refused(client: TestClient) -> None:
    for body in ({}, {"title": " "}, {"title": "x" * 201}, {"title": "ok", "owner": "me"}):
        assert client.post("/api/tasks", json=body).status_code == 422
    assert client.patch("/api/tasks/1", json={"title": "x"}).status_code == 404
    assert client.delete("/api/tasks/1").status_code == 404


def test_routes_are_described(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/health", "/api/tasks", "/api/tasks/{task_id}"} <= set(paths)
    assert client.get("/api/health").json() == {"status": "ok"}
    assert client.get("/api/nothing").status_code == 404
