import { useState } from "react";
import { Home } from "./shop/Home";
import { Offers } from "./shop/Offers";

const pages = { Home, Offers };

export default function App() {
  const [name, setName] = useState<keyof typeof pages>("Home");
  const Page = pages[name];
  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <nav className="flex gap-4">
        {(["Home", "Offers"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={one === name} onClick={() => setName(one)} className="underline">
            {one}
          </button>
        ))}
      </nav>
      <Page />
    </main>
  );
}
