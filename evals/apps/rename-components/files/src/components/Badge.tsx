export function Badge({ text }: { text: string }) {
  return <strong className="rounded bg-emerald-800 px-2 py-0.5 text-sm text-white">{text}</strong>;
}
