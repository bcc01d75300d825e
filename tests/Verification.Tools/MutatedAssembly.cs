using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Actors.Verification.Tools;

/// <summary>The product's assembly, built once with every mutant in it, each behind a switch. Nothing of this is in the product's sources.</summary>
internal sealed class MutatedAssembly
{
    private const string UseOfUnassigned = "CS0165";

    private const string SwitchSource = """
        public static class MutantSwitch
        {
            public static volatile int Active = -1;
            public static bool[] Hit = new bool[0];
            public static bool Is(int n) { Hit[n] = true; return n == Active; }
            public static T Throw<T>(int n, System.Exception e) => Is(n) ? default! : throw e;
        }
        """;

    private MutatedAssembly(byte[] image, IReadOnlyList<Mutant> mutants, IReadOnlyList<Mutant> dropped) => (Image, Mutants, Dropped) = (image, mutants, dropped);

    public byte[] Image { get; }

    /// <summary>Those that are in it.</summary>
    public IReadOnlyList<Mutant> Mutants { get; }

    /// <summary>Those that did not compile.</summary>
    public IReadOnlyList<Mutant> Dropped { get; }

    /// <summary>Builds from the project's folder, which was built before: its generated sources are used as they are.</summary>
    public static MutatedAssembly Build(string folder)
    {
        var options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        SyntaxTree Parse(string file) => CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(file), System.Text.Encoding.UTF8), options, file);
        var obj = Path.Combine(folder, "obj");
        List<SyntaxTree> own = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.StartsWith(obj, StringComparison.Ordinal) && !f.StartsWith(Path.Combine(folder, "bin"), StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Parse)];
        List<SyntaxTree> generated = [.. Directory.EnumerateFiles(Path.Combine(obj, "Debug"), "*.cs", SearchOption.AllDirectories).Select(Parse)];
        generated.Add(CSharpSyntaxTree.ParseText(SwitchSource, options, "MutantSwitch.cs"));
        var compilation = CSharpCompilation.Create("Actors.Verification", own.Concat(generated), References(), new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true));
        return Build(compilation, own, new MutantFinder(compilation).Find(own));
    }

    private static MutatedAssembly Build(CSharpCompilation original, List<SyntaxTree> own, IReadOnlyList<Mutant> all)
    {
        var active = all.ToHashSet();
        for (var round = 0; round < 40; round++)
        {
            var compilation = original;
            foreach (var tree in own)
            {
                compilation = compilation.ReplaceSyntaxTree(tree, Rewrite(tree, [.. active.Where(m => m.Node.SyntaxTree == tree)]));
            }

            using var image = new MemoryStream();
            var result = compilation.Emit(image, manifestResources: EmbeddedResources());
            if (result.Success)
            {
                return new MutatedAssembly(image.ToArray(), [.. all.Where(active.Contains)], [.. all.Where(m => !active.Contains(m))]);
            }

            Drop(active, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error));
        }

        throw new InvalidOperationException("The mutated sources do not compile.");
    }

    // The annotation of a mutated node leads from an error to its mutant. A variable without value shows where it is used: there the member's mutants go by degrees, one per round.
    private static void Drop(HashSet<Mutant> active, IEnumerable<Diagnostic> errors)
    {
        var seen = new HashSet<SyntaxNode>();
        foreach (var error in errors)
        {
            var tree = error.Location.SourceTree ?? throw new InvalidOperationException(error.ToString());
            var node = tree.GetRoot().FindNode(error.Location.SourceSpan);
            var marked = node.AncestorsAndSelf().FirstOrDefault(n => n.HasAnnotations("mutant") && error.Id != UseOfUnassigned)
                ?? node.AncestorsAndSelf().FirstOrDefault(n => n is Microsoft.CodeAnalysis.CSharp.Syntax.MemberDeclarationSyntax);
            var ids = marked?.DescendantNodesAndSelf().SelectMany(n => n.GetAnnotations("mutant")).Select(a => a.Data).ToHashSet() ?? [];
            if (ids.Count == 0)
            {
                throw new InvalidOperationException($"Not a mutant's fault: {error}");
            }

            if (seen.Add(marked!))
            {
                var guilty = active.Where(m => ids.Contains(Id(m))).GroupBy(m => error.Id == UseOfUnassigned ? m.Guilt : 0).MaxBy(g => g.Key);
                active.ExceptWith(guilty?.ToList() ?? []);
            }
        }
    }

    private static SyntaxTree Rewrite(SyntaxTree tree, IReadOnlyList<Mutant> mutants)
    {
        if (mutants.Count == 0)
        {
            return tree;
        }

        var byNode = mutants.ToLookup(m => m.Node);
        var root = tree.GetRoot().ReplaceNodes(byNode.Select(g => g.Key), (before, current) =>
            byNode[before].Aggregate(current, (node, mutant) => mutant.Switched(node).WithAdditionalAnnotations(new SyntaxAnnotation("mutant", Id(mutant)))));
        return tree.WithRootAndOptions(root, tree.Options);
    }

    private static string Id(Mutant mutant) => mutant.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    // The built product tells which resources it holds, and gives them.
    private static List<ResourceDescription> EmbeddedResources()
    {
        var built = AssemblyLoadContext.Default.LoadFromAssemblyName(new System.Reflection.AssemblyName("Actors.Verification"));
        return [.. built.GetManifestResourceNames().Select(name => new ResourceDescription(name, () => built.GetManifestResourceStream(name)!, isPublic: true))];
    }

    private static List<MetadataReference> References() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(f => !Path.GetFileName(f).Equals("Actors.Verification.dll", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("Actors.Verification.T", StringComparison.Ordinal))
            .Select(f => MetadataReference.CreateFromFile(f))];
}
