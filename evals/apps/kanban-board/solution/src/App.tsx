import { useEffect, useRef, useState, type KeyboardEvent } from "react";

interface Card {
  id: number;
  name: string;
}
const columns = ["To do", "Doing", "Done"] as const;
type Column = (typeof columns)[number];
type Board = Record<Column, Card[]>;

const stored = (): Board => JSON.parse(localStorage.getItem("board") ?? '{"To do":[],"Doing":[],"Done":[]}') as Board;

export default function App() {
  const [board, setBoard] = useState<Board>(stored);
  const [status, setStatus] = useState("");
  const focused = useRef<number>(undefined);
  useEffect(() => {
    localStorage.setItem("board", JSON.stringify(board));
    if (focused.current !== undefined) document.getElementById(`card-${focused.current}`)?.focus();
    focused.current = undefined;
  }, [board]);

  const add = (column: Column, name: string) => {
    const id = Math.max(0, ...columns.flatMap((one) => board[one].map((card) => card.id))) + 1;
    setBoard({ ...board, [column]: [...board[column], { id, name }] });
  };
  const move = (id: number, to: Column) => {
    const from = columns.find((column) => board[column].some((card) => card.id === id));
    const card = from && board[from].find((one) => one.id === id);
    if (!from || !card || from === to) return;
    setBoard({ ...board, [from]: board[from].filter((one) => one !== card), [to]: [...board[to], card] });
    setStatus(`${card.name} moved to ${to}`);
  };
  const press = (event: KeyboardEvent, column: Column, card: Card) => {
    if (!event.altKey) return;
    const at = columns.indexOf(column);
    const index = board[column].indexOf(card);
    const side = { ArrowRight: columns[at + 1], ArrowLeft: columns[at - 1] }[event.key];
    const other = { ArrowUp: index - 1, ArrowDown: index + 1 }[event.key];
    if (side === undefined && other === undefined) return;
    event.preventDefault();
    focused.current = card.id;
    if (side !== undefined) return move(card.id, side);
    if (other === undefined || other < 0 || other >= board[column].length) return;
    setBoard({ ...board, [column]: board[column].filter((one) => one !== card).toSpliced(other, 0, card) });
    setStatus(`${card.name} moved to place ${other + 1} of ${column}`);
  };

  return (
    <main className="mx-auto max-w-5xl px-6 py-10">
      <h1 className="text-3xl font-semibold">Board</h1>
      <p role="status" className="mt-2 min-h-6">
        {status}
      </p>
      <div className="mt-4 grid gap-4 md:grid-cols-3">
        {columns.map((column) => (
          <section
            key={column}
            className="rounded border border-stone-500 p-4"
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => move(Number(event.dataTransfer.getData("text/plain")), column)}
          >
            <h2 className="font-semibold">
              {column} ({board[column].length})
            </h2>
            <ul aria-label={column} className="mt-2 min-h-24 space-y-2">
              {board[column].map((card) => (
                <li
                  key={card.id}
                  id={`card-${card.id}`}
                  tabIndex={0}
                  aria-label={card.name}
                  draggable
                  onDragStart={(event) => event.dataTransfer.setData("text/plain", String(card.id))}
                  onKeyDown={(event) => press(event, column, card)}
                  className="rounded border border-stone-500 px-3 py-2"
                >
                  {card.name}
                </li>
              ))}
            </ul>
            <NewCard column={column} onAdd={(name) => add(column, name)} />
          </section>
        ))}
      </div>
    </main>
  );
}

function NewCard({ column, onAdd }: { column: Column; onAdd: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <form
      className="mt-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        onAdd(name.trim());
        setName("");
      }}
    >
      <input
        aria-label={`New card in ${column}`}
        placeholder="New card"
        value={name}
        onChange={(event) => setName(event.target.value)}
        className="w-full rounded border border-stone-500 bg-transparent px-3 py-2 placeholder:text-stone-600 dark:placeholder:text-stone-300"
      />
    </form>
  );
}
