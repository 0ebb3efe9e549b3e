import { BrowserRouter, Route, Routes, useLocation } from "react-router";
import { ErrorBoundary } from "@/components/error-boundary";
import { Layout } from "@/components/layout";
import { Protected } from "@/components/protected";
import Admin from "@/pages/admin";
import Files from "@/pages/files";
import NotFound from "@/pages/not-found";
import Notes from "@/pages/notes";
import SignIn from "@/pages/sign-in";

function Pages() {
  const { pathname } = useLocation();
  return (
    <ErrorBoundary resetKey={pathname}>
      <Routes>
        <Route element={<Layout />}>
          <Route element={<Protected />}>
            <Route index element={<Notes />} />
            <Route path="files" element={<Files />} />
          </Route>
          <Route element={<Protected isAdmin />}>
            <Route path="admin" element={<Admin />} />
          </Route>
          <Route path="sign-in" element={<SignIn key="sign-in" />} />
          <Route path="sign-up" element={<SignIn key="sign-up" isNew />} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </ErrorBoundary>
  );
}

export default function App() {
  return (
    <BrowserRouter>
      <Pages />
    </BrowserRouter>
  );
}
