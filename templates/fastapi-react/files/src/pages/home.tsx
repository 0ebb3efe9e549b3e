import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2Icon } from "lucide-react";
import { useId, useState } from "react";
import { z } from "zod";
import { ThemeToggle } from "@/components/theme-toggle";
import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { Skeleton } from "@/components/ui/skeleton";
import { api } from "@/lib/api";
import { Task, Tasks } from "@/lib/tasks";
import { cn } from "@/lib/utils";

/** An example of a page with data: tasks from the API in `api/app/routes/tasks.py`. */
export default function Home() {
  const id = useId();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const tasks = useQuery({ queryKey: ["tasks"], queryFn: () => api("/api/tasks", Tasks) });
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["tasks"] });
  const add = useMutation({
    mutationFn: (json: { title: string }) => api("/api/tasks", Task, { json }),
    onSuccess: () => {
      setTitle("");
      return onSuccess();
    },
  });
  const change = useMutation({
    mutationFn: ({ id: taskId, ...json }: { id: number; is_done: boolean }) =>
      api(`/api/tasks/${taskId}`, Task, { method: "PATCH", json }),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (taskId: number) => api(`/api/tasks/${taskId}`, z.undefined(), { method: "DELETE" }),
    onSuccess,
  });
  const error = tasks.error ?? add.error ?? change.error ?? remove.error;

  return (
    <main className="mx-auto flex w-full max-w-xl flex-col gap-6 px-6 py-10">
      <header className="flex items-center justify-between gap-4">
        <h1 className="text-3xl font-semibold tracking-tight">Tasks</h1>
        <ThemeToggle />
      </header>
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate({ title });
        }}
      >
        <Label htmlFor={id}>New task</Label>
        <div className="flex gap-2">
          <Input id={id} value={title} onChange={(event) => setTitle(event.target.value)} required maxLength={200} />
          <Button type="submit" disabled={add.isPending}>
            Add task
          </Button>
        </div>
      </form>
      {error && (
        <Alert variant="destructive">
          <AlertDescription>Couldn't reach the API. Try again.</AlertDescription>
        </Alert>
      )}
      {tasks.isPending ? (
        <Skeleton className="h-12 w-full" />
      ) : tasks.data?.length === 0 ? (
        <p className="text-muted-foreground">No tasks yet. Add the first one above.</p>
      ) : (
        <ul className="divide-y rounded-xl border bg-card" aria-label="Tasks">
          {tasks.data?.map((task) => (
            <li key={task.id} className="flex items-center gap-3 py-2 pr-2 pl-4">
              <Checkbox
                id={`${id}-${task.id}`}
                checked={task.is_done}
                onCheckedChange={(isDone) => change.mutate({ id: task.id, is_done: isDone === true })}
              />
              <Label
                htmlFor={`${id}-${task.id}`}
                className={cn("min-w-0 flex-1 break-words", task.is_done && "text-muted-foreground line-through")}
              >
                {task.title}
              </Label>
              <Button variant="ghost" size="icon" aria-label={`Delete “${task.title}”`} onClick={() => remove.mutate(task.id)}>
                <Trash2Icon aria-hidden="true" />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </main>
  );
}
