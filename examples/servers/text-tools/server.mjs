// An MCP server over stdio with two pure tools: the smallest server that is still useful in a workflow.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { countWords, topWords } from "./text.mjs";

const maxText = 1_000_000;
const text = z.string().max(maxText).describe(`Text of at most ${maxText} UTF-16 units.`);
// Pure functions: the same call again is harmless, so an interrupted one may be repeated.
const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const answer = (value) => ({ content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value });
const count = () => z.number().int().nonnegative();

const server = new McpServer({ name: "text-tools", version: "1.0.0" });

server.registerTool("count_words", {
  title: "Count words",
  description: "Counts the words, characters and lines of a text.",
  inputSchema: { text },
  outputSchema: { words: count(), characters: count(), lines: count() },
  annotations,
}, (input) => answer(countWords(input.text)));

server.registerTool("top_words", {
  title: "Most frequent words",
  description: "Lists the most frequent words of a text in lower case.",
  inputSchema: { text, limit: z.number().int().min(1).max(100).default(10).describe("How many words to list.") },
  outputSchema: { distinct: count(), top: z.array(z.object({ word: z.string(), count: count() })) },
  annotations,
}, (input) => answer(topWords(input.text, input.limit)));

await server.connect(new StdioServerTransport());
