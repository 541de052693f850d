namespace Flip;

/// <summary>Settings that cannot be used; carries every problem found, not the first alone.</summary>
public sealed class ConfigException(IReadOnlyList<string> problems) : FlipException(Message(problems))
{
    private const int ProblemsShown = 50;

    /// <summary>A single problem.</summary>
    public ConfigException(string problem)
        : this([problem])
    {
    }

    /// <summary>The problems, each one line that names the setting.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    private static new string Message(IReadOnlyList<string> problems) => problems.Count == 1
        ? problems[0]
        : $"{problems.Count} problems:\n  " + string.Join("\n  ", problems.Take(ProblemsShown))
            + (problems.Count > ProblemsShown ? $"\n  ... and {problems.Count - ProblemsShown} more like these." : "");

    /// <summary>The same problems, each with the file that it is in.</summary>
    public ConfigException In(string file) =>
        new([.. Problems.Select(problem => problem.StartsWith(file, StringComparison.Ordinal) ? problem : $"{file}: {problem}")]);
}
