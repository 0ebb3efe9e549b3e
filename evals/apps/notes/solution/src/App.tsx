import { useEffect, useState } from "react";
import { Markdown } from "./components/Markdown";

interface Note {
  id: number;
  title: string;
  text: string;
}

export default function App() {
  const [notes, setNotes] = useState<Note[]>(() => JSON.parse(localStorage.getItem("notes") ?? "[]") as Note[]);
  const [openId, setOpenId] = useState<number>();
  const [search, setSearch] = useState("");
  useEffect(() => localStorage.setItem("notes", JSON.stringify(notes)), [notes]);

  const wanted = search.toLowerCase();
  const found = notes.filter(({ title, text }) => `${title}\n${text}`.toLowerCase().includes(wanted));
  const open = notes.find(({ id }) => id === openId);
  const change = (fields: Partial<Note>) => setNotes(notes.map((note) => (note.id === openId ? { ...note, ...fields } : note)));
  const create = () => {
    const id = Math.max(0, ...notes.map((note) => note.id)) + 1;
    setNotes([...notes, { id, title: "", text: "" }]);
    setOpenId(id);
  };

  return (
    <main className="mx-auto grid max-w-5xl gap-6 px-6 py-10 md:grid-cols-[16rem_1fr]">
      <div>
        <h1 className="text-2xl font-semibold">My notes</h1>
        <button type="button" onClick={create} className="mt-4 rounded bg-emerald-800 px-4 py-2 text-white">
          New note
        </button>
        <label className="mt-4 block">
          Search
          <input
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            className="mt-1 w-full rounded border border-stone-500 bg-transparent px-3 py-2"
          />
        </label>
        {found.length === 0 ? (
          <p className="mt-4">No notes found.</p>
        ) : (
          <ul aria-label="Notes" className="mt-4">
            {found.map(({ id, title }) => (
              <li key={id}>
                <button
                  type="button"
                  aria-current={id === openId || undefined}
                  onClick={() => setOpenId(id)}
                  className="w-full py-1 text-left aria-[current=true]:font-semibold"
                >
                  {title || "Untitled"}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      {open && (
        <div className="grid gap-6 md:grid-cols-2">
          <div>
            <label className="block">
              Title
              <input
                value={open.title}
                onChange={(event) => change({ title: event.target.value })}
                className="mt-1 w-full rounded border border-stone-500 bg-transparent px-3 py-2"
              />
            </label>
            <label className="mt-4 block">
              Text
              <textarea
                rows={16}
                value={open.text}
                onChange={(event) => change({ text: event.target.value })}
                className="mt-1 w-full rounded border border-stone-500 bg-transparent px-3 py-2"
              />
            </label>
            <button
              type="button"
              onClick={() => setNotes(notes.filter(({ id }) => id !== open.id))}
              className="mt-4 rounded border border-stone-500 px-4 py-2"
            >
              Delete note
            </button>
          </div>
          <section aria-label="Preview" className="space-y-3">
            <Markdown text={open.text} />
          </section>
        </div>
      )}
    </main>
  );
}
