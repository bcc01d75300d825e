namespace Actors.Verification.Tests.Signer;

/// <summary>Every valid way to sign that is known, by name.</summary>
internal static class Formats
{
    public static readonly IReadOnlyDictionary<string, Func<Recipe>> All = Build();

    private static Dictionary<string, Func<Recipe>> Build()
    {
        var all = new Dictionary<string, Func<Recipe>>(StringComparer.Ordinal);
        foreach (var keyless in (bool[])[false, true])
        {
            var who = keyless ? "keyless" : "key";
            all[$"message, {who}, log v1, bundle v0.1"] = () => Recipe.Of(keyless, dsse: false, rekor: 1, version: 1);
            foreach (var version in (int[])[2, 3])
            {
                foreach (var rekor in (int[])[1, 2, 3])
                {
                    all[$"message, {who}, {Log(rekor)}, bundle v0.{version}"] = () => Recipe.Of(keyless, dsse: false, rekor, version);
                }

                foreach (var kind in (string[])["dsse", "intoto"])
                {
                    all[$"envelope, {who}, log v1 {kind}, bundle v0.{version}"] = () => Recipe.Of(keyless, dsse: true, rekor: 1, version, kind);
                }

                foreach (var kind in (string[])["dsse", "hashedrekord"])
                {
                    all[$"envelope, {who}, log v2 {kind}, bundle v0.{version}"] = () => Recipe.Of(keyless, dsse: true, rekor: 2, version, kind);
                }
            }

            // A log's promise and a time stamp together.
            all[$"message, {who}, log v1 and time stamp"] = () => Recipe.Of(keyless, dsse: false, rekor: 1)
                .With(r => r.Timestamps.Add(new TimestampSpec { At = SigstoreWorld.Now.AddSeconds(30) }));
            all[$"message, {who}, time stamp with SHA-512"] = () => Recipe.Of(keyless, dsse: false, rekor: 2)
                .With(r => r.Timestamps[0].Hash = System.Security.Cryptography.HashAlgorithmName.SHA512);
            all[$"message, {who}, time stamp without its certificate"] = () => Recipe.Of(keyless, dsse: false, rekor: 2).With(r => r.Timestamps[0].EmbedNothing = true);
        }

        foreach (var (name, make) in (ReadOnlySpan<(string, Func<TestKey>)>)[("P-384", TestKey.P384), ("P-521", TestKey.P521), ("RSA", () => TestKey.Rsa()), ("Ed25519", TestKey.Ed25519)])
        {
            all[$"envelope, {name} key, no log"] = () => Recipe.Of(keyless: false, dsse: true, rekor: 0).With(r => r.Key = make());
        }

        AddShapes(all);
        return all;
    }

    private static void AddShapes(Dictionary<string, Func<Recipe>> all)
    {
        // The proof's arithmetic differs at the edges of a tree.
        foreach (var (index, size) in (ReadOnlySpan<(int, int)>)[(0, 1), (0, 2), (1, 2), (2, 3), (4, 5), (7, 8), (8, 9), (0, 33), (32, 33), (21, 64)])
        {
            all[$"entry {index} of {size}"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => (r.Entries[0].Index, r.Entries[0].TreeSize) = (index, size));
        }

        all["message, key, log v2, no time proven"] = () => Recipe.Of(keyless: false, dsse: false, rekor: 2).With(r => r.Timestamps.Clear());
        all["SCT with extensions"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Sct.Extensions = [1, 2, 3]);
        all["SCT after one of an unknown log"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Sct.Junk = 1);
        all["SCT of a log with an RSA key"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r =>
        {
            var log = TestKey.Rsa();
            (r.Sct.Signer, r.Sct.Signature) = (log, 1);
            r.Sct.LogId = System.Security.Cryptography.SHA256.HashData(log.Spki);
            r.Root = root => root["ctlogs"]!.AsArray().Add(SigstoreWorld.Log("ctfe2.sigstore.test", log, r.Sct.LogId));
        });
        all["an extension with a name, not a text"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Certificate.Extra.Add(("1.3.6.1.4.1.57264.1.7", [0xff, 0xfe])));
        all["an extension below one of Fulcio's"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Certificate.Extra.Add(("1.3.6.1.4.1.57264.1.8.1", [0xff, 0xfe])));
        all["issuer only in the old extension"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Certificate.SetFulcio(8, null));
        all["root that signs leaves itself"] = () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r =>
        {
            r.Authority = SigstoreWorld.Trusted.Root;
            r.Root = root => root.Set("certificateAuthorities/0/certChain/certificates", SigstoreWorld.Certificates([SigstoreWorld.Trusted.Root.Certificate]));
        });
    }

    private static string Log(int rekor) => rekor switch { 1 => "log v1", 2 => "log v2", _ => "log v2 with ECDSA" };
}
