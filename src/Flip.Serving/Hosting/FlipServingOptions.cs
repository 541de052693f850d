namespace Flip.Serving.Hosting;

/// <summary>Which model a program uses, and how.</summary>
public sealed class FlipServingOptions
{
    /// <summary>The model: a folder, a run, or a file of weights of any format.</summary>
    public string Model { get; set; } = "";

    /// <summary>What it is called; null takes the last part of its path.</summary>
    public string? Name { get; set; }

    /// <summary>Settings, <c>key=value</c>: <c>train.device</c>, <c>train.precision</c>, <c>train.threads</c>, <c>eval.batchSize</c>.</summary>
    public IList<string> Settings { get; } = [];

    /// <summary>How requests are gathered into batches.</summary>
    public EngineOptions Engine { get; set; } = new();

    /// <summary>How long requests may take to end when the program does.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(10);
}
