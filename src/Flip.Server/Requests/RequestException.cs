namespace Flip.Server.Requests;

/// <summary>A request that is not answered as it was meant.</summary>
/// <param name="status">The status of the answer.</param>
/// <param name="title">What is wrong, for people, the same for all of its kind.</param>
/// <param name="problems">Which fields, all at once; may be empty.</param>
/// <param name="detail">What is wrong with this one; null where the fields tell it.</param>
public sealed class RequestException(int status, string title, IReadOnlyList<FieldProblem> problems, string? detail = null)
    : FlipException(detail ?? string.Join(" ", problems.Select(problem => $"{problem.Place}: {problem.Detail}")))
{
    /// <summary>A single field.</summary>
    public RequestException(int status, string title, string place, string detail)
        : this(status, title, [new FieldProblem(place, detail)])
    {
    }

    /// <summary>The status of the answer.</summary>
    public int Status { get; } = status;

    /// <summary>What is wrong, for people.</summary>
    public string Title { get; } = title;

    /// <summary>Which fields.</summary>
    public IReadOnlyList<FieldProblem> Problems { get; } = problems;

    /// <summary>After which time it may be sent again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
