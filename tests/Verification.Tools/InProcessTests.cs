using System.Reflection;
using System.Runtime.Loader;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Actors.Verification.Tools;

/// <summary>One test case, ready to run again and again.</summary>
/// <param name="Name">Class, method and arguments.</param>
/// <param name="Method">The test.</param>
/// <param name="Arguments">Of a theory.</param>
internal sealed record TestCase(string Name, MethodInfo Method, object?[] Arguments);

/// <summary>Runs a test assembly's facts and theories in this process, one at a time, bound to the mutated product.</summary>
internal sealed class InProcessTests
{
    /// <summary>What <see cref="Run"/> gives when a test does not end.</summary>
    public const string NoEnd = "no end";

    private readonly Context _context;
    private readonly FieldInfo _active;
    private readonly FieldInfo _hit;

    public InProcessTests(byte[] product, int mutants)
    {
        _context = new Context(product);
        var control = _context.Product.GetType("MutantSwitch", throwOnError: true)!;
        _active = control.GetField("Active")!;
        _hit = control.GetField("Hit")!;
        Mutants = mutants;
        Cases = [.. _context.LoadFromAssemblyName(new AssemblyName("Actors.Verification.Tests")).GetTypes()
            .Where(t => t is { IsAbstract: false, IsPublic: true } && !IsSlow(t))
            .SelectMany(t => t.GetMethods())
            .SelectMany(CasesOf)];
    }

    public IReadOnlyList<TestCase> Cases { get; }

    private int Mutants { get; }

    /// <summary>Null when it passed; else why not. Which mutants it came by is in <paramref name="hits"/>.</summary>
    public string? Run(int test, int active, TimeSpan patience, out bool[] hits)
    {
        hits = new bool[Mutants];
        _hit.SetValue(null, hits);
        _active.SetValue(null, active);
        // A mutant may loop for ever: the thread is left behind then.
        var run = Task.Run(() => RunAsync(Cases[test]));
        try
        {
            return Task.WaitAny([run], patience) < 0 ? NoEnd : run.GetAwaiter().GetResult();
        }
        finally
        {
            _active.SetValue(null, -1);
        }
    }

    // These come by every check and take seconds each; what they find has a test of its own.
    private static bool IsSlow(Type type) => type.Namespace is "Actors.Verification.Tests.Fuzz" or "Actors.Verification.Tests.Npm";

    private static async Task<string?> RunAsync(TestCase test)
    {
        var fixtures = new List<object>();
        object? instance = null;
        try
        {
            instance = await CreateAsync(test.Method.DeclaringType!, fixtures);
            if (instance is IAsyncLifetime lifetime)
            {
                await lifetime.InitializeAsync();
            }

            var result = test.Method.Invoke(instance, test.Arguments);
            await (result is ValueTask value ? value.AsTask() : result as Task ?? Task.CompletedTask);
            return null;
        }
        catch (Exception e)
        {
            return (e as TargetInvocationException)?.InnerException?.Message ?? e.Message;
        }
        finally
        {
            await DisposeAsync(instance);
            foreach (var fixture in fixtures)
            {
                await DisposeAsync(fixture);
            }
        }
    }

    private static async Task<object> CreateAsync(Type type, List<object> fixtures)
    {
        var arguments = new List<object?>();
        foreach (var parameter in type.GetConstructors().Single().GetParameters())
        {
            if (parameter.ParameterType == typeof(ITestOutputHelper))
            {
                arguments.Add(new NoOutput());
                continue;
            }

            var fixture = Activator.CreateInstance(parameter.ParameterType)!;
            fixtures.Add(fixture);
            arguments.Add(fixture);
            if (fixture is IAsyncLifetime lifetime)
            {
                await lifetime.InitializeAsync();
            }
        }

        return Activator.CreateInstance(type, [.. arguments])!;
    }

    private static async Task DisposeAsync(object? instance)
    {
        if (instance is IAsyncLifetime lifetime)
        {
            await lifetime.DisposeAsync();
        }

        switch (instance)
        {
            case IAsyncDisposable disposable:
                await disposable.DisposeAsync();
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }

    private static IEnumerable<TestCase> CasesOf(MethodInfo method)
    {
        if (method.GetCustomAttribute<FactAttribute>() is not { Skip: null } fact)
        {
            return [];
        }

        var name = $"{method.DeclaringType!.Name}.{method.Name}";
        return fact is not TheoryAttribute
            ? [new TestCase(name, method, [])]
            : method.GetCustomAttributes<DataAttribute>().SelectMany(d => d.GetData(method)).Select(a => a ?? [null]).Select(a => new TestCase($"{name}({string.Join(", ", a)})", method, Fill(method, a)));
    }

    private static object?[] Fill(MethodInfo method, object?[] arguments) => method.GetParameters() is [{ ParameterType.IsArray: true } only] && only.IsDefined(typeof(ParamArrayAttribute))
        ? [arguments.Cast<string>().ToArray()]
        : [.. method.GetParameters().Select((p, i) => i < arguments.Length ? arguments[i] : p.DefaultValue)];

    private sealed class NoOutput : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }

    // Everything of ours is loaded again here, so that it binds to the mutated product.
    private sealed class Context : AssemblyLoadContext
    {
        public Context(byte[] product)
            : base("mutated")
        {
            using var stream = new MemoryStream(product);
            Product = LoadFromStream(stream);
        }

        public Assembly Product { get; }

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var file = Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll");
            return assemblyName.Name == "Actors.Verification" ? Product
                : assemblyName.Name!.StartsWith("Actors.", StringComparison.Ordinal) && File.Exists(file) ? LoadFromAssemblyPath(file)
                : null;
        }
    }
}
