const places = [
  { what: "This page", where: "app/page.tsx" },
  { what: "Styles", where: "app/globals.css" },
  { what: "Frame of every page", where: "app/layout.tsx" },
  { what: "Images and other files", where: "public/" },
];

export default function Home() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center px-6 py-16">
      <p className="flex items-center gap-2 text-sm text-stone-500 dark:text-stone-400">
        <span className="size-2 rounded-full bg-emerald-500" aria-hidden="true" />
        Running
      </p>
      <h1 className="mt-3 text-3xl font-semibold tracking-tight text-balance sm:text-4xl">Ready to be built on</h1>
      <p className="mt-4 leading-relaxed text-pretty text-stone-600 dark:text-stone-300">
        This is an empty Next.js app with TypeScript and Tailwind CSS. Say what it should become, or edit a file: this page
        follows at once.
      </p>
      <dl className="mt-10 divide-y divide-stone-200 border-y border-stone-200 text-sm dark:divide-stone-800 dark:border-stone-800">
        {places.map(({ what, where }) => (
          <div key={where} className="flex items-baseline justify-between gap-6 py-3">
            <dt>{what}</dt>
            <dd className="font-mono text-[13px] text-stone-500 dark:text-stone-400">{where}</dd>
          </div>
        ))}
      </dl>
    </main>
  );
}
