import { LogOut } from "lucide-react";
import { Link, NavLink, Outlet } from "react-router";
import { ThemeToggle } from "@/components/theme-toggle";
import { Button } from "@/components/ui/button";
import { useSignOut, useUser } from "@/lib/session";
import { cn } from "@/lib/utils";

const linkClass = ({ isActive }: { isActive: boolean }) =>
  cn("rounded-md px-2.5 py-1.5 text-sm font-medium text-muted-foreground hover:text-foreground", isActive && "bg-accent text-foreground");

/** The header of every page. */
export function Layout() {
  const user = useUser();
  const signOut = useSignOut();
  return (
    <>
      <header className="border-b">
        <nav aria-label="Main" className="mx-auto flex max-w-4xl flex-wrap items-center gap-1 px-4 py-2.5">
          <Link to="/" className="mr-3 font-semibold">
            New app
          </Link>
          {user && (
            <NavLink to="/" end className={linkClass}>
              Notes
            </NavLink>
          )}
          {user && (
            <NavLink to="/files" className={linkClass}>
              Files
            </NavLink>
          )}
          {user?.role === "admin" && (
            <NavLink to="/admin" className={linkClass}>
              Admin
            </NavLink>
          )}
          <span className="flex-1" />
          <ThemeToggle />
          {user ? (
            <>
              <span className="hidden text-sm text-muted-foreground sm:inline">{user.email}</span>
              <Button variant="ghost" size="sm" onClick={() => void signOut()}>
                <LogOut aria-hidden /> Sign out
              </Button>
            </>
          ) : user === null ? (
            <NavLink to="/sign-in" className={linkClass}>
              Sign in
            </NavLink>
          ) : null}
        </nav>
      </header>
      <main className="mx-auto max-w-4xl px-4 py-8">
        <Outlet />
      </main>
    </>
  );
}
