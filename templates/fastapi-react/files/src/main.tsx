import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import App from "@/App";
import { Providers } from "@/components/providers";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");

createRoot(root).render(
  <StrictMode>
    <Providers>
      <App />
    </Providers>
  </StrictMode>,
);
