import type { NextConfig } from "next";

// Set when a container of this project is connected as the API: what no route of this app answers below /api is asked there.
const api = process.env.API_URL;

const config: NextConfig = {
  // The preview reaches this server through a proxy under names of its own; without this, hot updates are refused to them.
  allowedDevOrigins: ["**.*"],
  rewrites: async () => ({
    beforeFiles: [],
    afterFiles: [],
    fallback: api ? [{ source: "/api/:path*", destination: `${api}/api/:path*` }] : [],
  }),
};

export default config;
