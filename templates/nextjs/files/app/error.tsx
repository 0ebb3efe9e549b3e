"use client";

import { useEffect } from "react";
import { Button } from "@/components/ui/button";

/** Shown instead of a page that throws while it renders. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => console.error(error), [error]);
  return (
    <main className="mx-auto flex min-h-dvh max-w-lg flex-col items-start justify-center gap-4 px-6" role="alert">
      <h1 className="text-2xl font-semibold tracking-tight">Something went wrong</h1>
      <p className="text-muted-foreground">This page couldn't be shown. Try again, or reload it.</p>
      {process.env.NODE_ENV === "development" && (
        <pre className="w-full overflow-x-auto rounded-md bg-muted p-3 font-mono text-xs">{error.message}</pre>
      )}
      <Button onClick={reset}>Try again</Button>
    </main>
  );
}
