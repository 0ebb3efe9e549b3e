import { Navigate, Outlet } from "react-router";
import { useUser } from "@/lib/session";

/** Pages for signed-in users, or only for administrators. The API checks again. */
export function Protected({ isAdmin = false }: { isAdmin?: boolean }) {
  const user = useUser();
  if (user === undefined) return <p className="text-sm text-muted-foreground">Loading…</p>;
  if (user === null) return <Navigate to="/sign-in" replace />;
  if (isAdmin && user.role !== "admin") return <Navigate to="/" replace />;
  return <Outlet />;
}
