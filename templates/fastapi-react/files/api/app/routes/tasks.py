from fastapi import APIRouter, HTTPException
from sqlmodel import col, select

from app.database import SessionDep
from app.models import Task, TaskCreate, TaskPublic, TaskUpdate

router = APIRouter(prefix="/tasks", tags=["tasks"])


def require_task(session: SessionDep, task_id: int) -> Task:
    task = session.get(Task, task_id)
    if task is None:
        raise HTTPException(404, "Task not found")
    return task


@router.get("", response_model=list[TaskPublic], summary="List tasks")
def list_tasks(session: SessionDep, limit: int = 100) -> list[Task]:
    newest_first = select(Task).order_by(col(Task.id).desc()).limit(min(max(limit, 1), 100))
    return list(session.exec(newest_first))


@router.post("", response_model=TaskPublic, status_code=201, summary="Create a task")
def create_task(session: SessionDep, body: TaskCreate) -> Task:
    task = Task.model_validate(body)
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@router.patch("/{task_id}", response_model=TaskPublic, summary="Change a task")
def update_task(session: SessionDep, task_id: int, body: TaskUpdate) -> Task:
    task = require_task(session, task_id)
    task.sqlmodel_update(body.model_dump(exclude_none=True))
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@router.delete("/{task_id}", status_code=204, summary="Delete a task")
def delete_task(session: SessionDep, task_id: int) -> None:
    session.delete(require_task(session, task_id))
    session.commit()
