from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_says_hello_by_name() -> None:
    assert client.get("/api/hello", params={"name": "Ada"}).json() == {"message": "Hello, Ada!"}
    assert client.get("/api/hello").json() == {"message": "Hello, world!"}


def test_the_first_page_and_the_description_of_the_routes_are_there() -> None:
    assert "Ready to be built on" in client.get("/").text
    assert {"/api/health", "/api/hello"} <= set(client.get("/openapi.json").json()["paths"])
    assert client.get("/api/nothing").status_code == 404
