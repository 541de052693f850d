namespace Flip.Server.Requests;

/// <summary>What one request, and all of them together, may ask for. Each is checked before memory or time is spent.</summary>
public sealed record ServerLimits
{
    /// <summary>Largest value of every limit that counts items or characters.</summary>
    public const int Most = 1 << 20;

    /// <summary>Bytes of a request's body.</summary>
    public int BodyBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of all bodies that are held at once; a request for which there is no room is refused with 429.</summary>
    public long BodyMemory { get; init; } = 256L << 20;

    /// <summary>Texts of a request.</summary>
    public int Texts { get; init; } = 1024;

    /// <summary>Characters of a text.</summary>
    public int TextLength { get; init; } = 16_384;

    /// <summary>Images of a request.</summary>
    public int Images { get; init; } = 64;

    /// <summary>Prompts of a request: classes times templates.</summary>
    public int Prompts { get; init; } = 8192;

    /// <summary>Questions about an image.</summary>
    public int Questions { get; init; } = 16;

    /// <summary>Values in a JSON body: objects, lists, names, texts and numbers.</summary>
    public int JsonTokens { get; init; } = 1 << 16;

    /// <summary>Objects and lists within one another in a JSON body.</summary>
    public int JsonDepth { get; init; } = 16;

    /// <summary>Time of a whole request, its body and its wait included.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time in which all headers of a request have to come.</summary>
    public TimeSpan HeadersTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes a second that a body has to come with, after 5 s.</summary>
    public int BodyRate { get; init; } = 1024;

    /// <summary>Connections at a time; further ones are closed.</summary>
    public int Connections { get; init; } = 1024;

    /// <summary>Every problem of these limits.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        Check(nameof(BodyBytes), BodyBytes, 1024, 1 << 30);
        Check(nameof(BodyMemory), BodyMemory, BodyBytes, 1L << 40);
        Check(nameof(Texts), Texts, 1, Most);
        Check(nameof(TextLength), TextLength, 1, Most);
        Check(nameof(Images), Images, 1, Most);
        Check(nameof(Prompts), Prompts, 1, Most);
        Check(nameof(Questions), Questions, 1, Most);
        Check(nameof(JsonTokens), JsonTokens, 16, 1 << 24);
        Check(nameof(JsonDepth), JsonDepth, 4, 64);
        Check(nameof(RequestTime), RequestTime.TotalSeconds, 1, 3600);
        Check(nameof(HeadersTime), HeadersTime.TotalSeconds, 1, 3600);
        Check(nameof(BodyRate), BodyRate, 1, 1 << 30);
        Check(nameof(Connections), Connections, 1, Most);
        return problems;

        void Check(string name, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                problems.Add(FormattableString.Invariant($"{name} = {value}: must be from {least} to {most}."));
            }
        }
    }
}
