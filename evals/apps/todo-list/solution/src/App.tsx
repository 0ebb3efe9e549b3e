import { useState, type FormEvent } from "react";
import { useStored } from "./hooks/useStored";

interface Task {
  id: number;
  name: string;
  isDone: boolean;
}
const filters = ["All", "Active", "Done"] as const;
type Filter = (typeof filters)[number];

export default function App() {
  const [tasks, setTasks] = useStored<Task[]>("tasks", []);
  const [filter, setFilter] = useStored<Filter>("filter", "All");
  const [name, setName] = useState("");
  const left = tasks.filter((task) => !task.isDone).length;
  const shown = tasks.filter((task) => filter === "All" || task.isDone === (filter === "Done"));

  const add = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    setTasks([...tasks, { id: Math.max(0, ...tasks.map((task) => task.id)) + 1, name: name.trim(), isDone: false }]);
    setName("");
  };
  const toggle = (id: number) => setTasks(tasks.map((task) => (task.id === id ? { ...task, isDone: !task.isDone } : task)));

  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <h1 className="text-3xl font-semibold">To do</h1>
      <form onSubmit={add} className="mt-6 flex items-end gap-2">
        <label className="flex-1">
          <span className="text-sm">New task</span>
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="mt-1 w-full rounded border border-stone-500 bg-transparent px-3 py-2"
          />
        </label>
        <button type="submit" className="rounded bg-emerald-800 px-4 py-2 text-white">
          Add
        </button>
      </form>
      <div className="mt-6 flex gap-2">
        {filters.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={filter === one}
            onClick={() => setFilter(one)}
            className="rounded border border-stone-500 px-3 py-1 aria-pressed:bg-stone-800 aria-pressed:text-white"
          >
            {one}
          </button>
        ))}
      </div>
      <ul className="mt-4 divide-y divide-stone-300 dark:divide-stone-700">
        {shown.map((task) => (
          <li key={task.id} className="flex items-center gap-3 py-2">
            <label className="flex flex-1 items-center gap-3">
              <input type="checkbox" checked={task.isDone} onChange={() => toggle(task.id)} />
              <span className={task.isDone ? "line-through" : ""}>{task.name}</span>
            </label>
            <button
              type="button"
              aria-label={`Delete ${task.name}`}
              onClick={() => setTasks(tasks.filter(({ id }) => id !== task.id))}
              className="rounded px-2 py-1"
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <p className="mt-4 text-sm">{left === 1 ? "1 task left" : `${left} tasks left`}</p>
    </main>
  );
}
