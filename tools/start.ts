// `npm start`: builds the chat page, serves it and opens it.
import { build, preview } from "vite";

await build({ logLevel: "warn" });
const server = await preview({ preview: { open: true } });
server.printUrls();
