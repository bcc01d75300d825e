# An MCP server in busybox's shell: well-behaved tools and one for each way to misbehave. The first argument names the image.
name=$1
bb() { /bin/busybox "$@"; }
say() { printf '{"jsonrpc":"2.0","id":"%s","result":%s}\n' "$1" "$2"; }
text() { say "$1" "{\"content\":[{\"type\":\"text\",\"text\":\"$2\"}]}"; }
tool() { printf '{"name":"%s","inputSchema":{"type":"object"}%s}' "$1" "$2"; }
tools() {
  tool who
  for other in slow garbage long-line endless invalid-utf8 wrong-id twice exit never rpc-error tool-error secret stderr progress; do printf ','; tool "$other"; done
  printf ','; tool slow-read ',"annotations":{"readOnlyHint":true}'
}
while IFS= read -r line; do
  rest=${line#*\"id\":\"}
  id=${rest%%\"*}
  case "$line" in
    *'"method":"initialize"'*) say "$id" '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}' ;;
    *'"method":"tools/list"'*) say "$id" "{\"tools\":[$(tools)]}" ;;
    *'"method":"tools/call"'*)
      echo "called $id" >&2
      case "$line" in
        *'"name":"who"'*) text "$id" "I am $name" ;;
        *'"name":"slow'*) bb sleep 6; text "$id" "slept" ;;
        *'"name":"garbage"'*) echo 'Listening on port 3000'; echo '{"jsonrpc":"2.0"'; echo '[]'; echo '42'; text "$id" "still here" ;;
        *'"name":"long-line"'*) printf '{"jsonrpc":"2.0","id":"%s","result":{"content":[{"type":"text","text":"' "$id"; bb head -c 10485760 /dev/zero | bb tr '\0' 'a'; echo '"}]}}' ;;
        *'"name":"endless"'*) bb yes 'no end' ;;
        *'"name":"invalid-utf8"'*) printf '\377\376\375\n'; printf '{"jsonrpc":"2.0","id":"%s","result":{"content":[{"type":"text","text":"\377"}]}}\n' "$id" ;;
        *'"name":"wrong-id"'*) text "somebody-else" "not yours" ;;
        *'"name":"twice"'*) text "$id" "first"; text "$id" "second" ;;
        *'"name":"exit"'*) exit 7 ;;
        *'"name":"never"'*) ;;
        *'"name":"rpc-error"'*) printf '{"jsonrpc":"2.0","id":"%s","error":{"code":-32602,"message":"bad arguments"}}\n' "$id" ;;
        *'"name":"tool-error"'*) say "$id" '{"isError":true,"content":[{"type":"text","text":"no such file"}]}' ;;
        *'"name":"secret"'*) echo "key $API_KEY" >&2; text "$id" "the key is $API_KEY" ;;
        *'"name":"progress"'*)
          for part in 1 2 3; do
            printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"%s","progress":%s,"total":3,"message":"part %s with %s"}}\n' "$id" "$part" "$part" "$API_KEY"
            bb sleep 1
          done
          text "$id" "all parts" ;;
        *'"name":"stderr"'*) echo 'written to stderr' >&2; text "$id" "ok" ;;
      esac ;;
  esac
done
