import { ComponentIcon, PaletteIcon, PanelTopIcon, RouteIcon } from "lucide-react";
import { ThemeToggle } from "@/components/theme-toggle";

const places = [
  { icon: PanelTopIcon, name: "This page", path: "app/page.tsx" },
  { icon: RouteIcon, name: "Frame of every page", path: "app/layout.tsx" },
  { icon: ComponentIcon, name: "Components", path: "components/ui/" },
  { icon: PaletteIcon, name: "Colors and fonts", path: "app/globals.css" },
];

export default function Home() {
  return (
    <div className="relative isolate flex min-h-dvh flex-col overflow-hidden">
      <div
        aria-hidden="true"
        className="absolute inset-0 -z-10 bg-[radial-gradient(var(--border)_1px,transparent_1px)] mask-[radial-gradient(ellipse_at_top,black,transparent_70%)] bg-size-[22px_22px]"
      />
      <header className="flex justify-end p-4">
        <ThemeToggle />
      </header>
      <main className="mx-auto flex w-full max-w-xl flex-1 flex-col justify-center px-6 pb-24">
        <p className="flex w-fit items-center gap-2 rounded-full border bg-card px-3 py-1 text-xs font-medium text-muted-foreground shadow-xs">
          <span className="size-2 rounded-full bg-emerald-500" aria-hidden="true" />
          Running
        </p>
        <h1 className="mt-5 text-4xl font-semibold tracking-tight text-balance sm:text-5xl">Ready to be built on</h1>
        <p className="mt-4 text-lg leading-relaxed text-pretty text-muted-foreground">
          This is an empty Next.js app with components, forms and tests in place. Describe what it should become, or edit a file: this page
          updates as you save.
        </p>
        <ul className="mt-10 divide-y overflow-hidden rounded-xl border bg-card text-sm shadow-xs">
          {places.map(({ icon: Icon, name, path }) => (
            <li key={path} className="flex items-center gap-3 px-4 py-3">
              <Icon className="size-4 text-muted-foreground" aria-hidden="true" />
              {name}
              <code className="ml-auto font-mono text-xs text-muted-foreground">{path}</code>
            </li>
          ))}
        </ul>
      </main>
    </div>
  );
}
