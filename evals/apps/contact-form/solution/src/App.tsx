import { useState } from "react";
import { ContactForm } from "./components/ContactForm";

export default function App() {
  const [sentBy, setSentBy] = useState<string>();
  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <h1 className="text-3xl font-semibold">Contact us</h1>
      {sentBy === undefined ? (
        <ContactForm onSent={setSentBy} />
      ) : (
        <>
          <p role="status" className="mt-6">
            Thank you, {sentBy}.
          </p>
          <button type="button" onClick={() => setSentBy(undefined)} className="mt-4 rounded border border-stone-500 px-4 py-2">
            Send another message
          </button>
        </>
      )}
    </main>
  );
}
