namespace Actors.RunnerApi.Tests.Support;

/// <summary>Small MCP servers in sh. Every line that they read is appended to the file <c>$SEEN</c>.</summary>
internal static class Scripts
{
    private const string Prelude = """
        rd() { IFS= read -r line || exit 0; printf '%s\n' "$line" >> "$SEEN"; id=${line#*'"id":"'}; id=${id%%'"'*}; }
        greet() { printf '{"jsonrpc":"2.0","id":"%s","result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"sh","version":"1"}}}\n' "$id"; }
        hello() { rd; greet; rd; }
        ok() { printf '{"jsonrpc":"2.0","id":"%s","result":{"text":"%s"}}\n' "$id" "$1"; }
        fill() { head -c "$1" /dev/zero | tr '\0' "$2"; }
        gate() { while [ ! -e "$GATE" ]; do sleep 0.02; done; }

        """;

    /// <summary>The whole script.</summary>
    public static string Raw(string body) => Prelude + body;

    /// <summary>After the handshake, then reads on until its stdin ends.</summary>
    public static string AfterHello(string body) => Prelude + "hello\n" + body + "\nwhile rd; do :; done";

    /// <summary>Answers every call with its number.</summary>
    public static string Echo => Prelude + "hello\nn=0\nwhile rd; do n=$((n+1)); ok \"$n\"; done";
}
