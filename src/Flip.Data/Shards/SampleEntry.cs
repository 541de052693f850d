namespace Flip.Data.Shards;

/// <summary>The members of one sample in its shard. Keys are not kept: they would be most of the memory of a large index.</summary>
/// <param name="Image">The encoded image.</param>
/// <param name="Text">One caption.</param>
/// <param name="Json">An object with captions.</param>
/// <param name="Class">A class number.</param>
internal readonly record struct SampleEntry(TarMember Image, TarMember Text, TarMember Json, TarMember Class)
{
    /// <summary>Whether there is a member of a kind.</summary>
    public bool Has(MemberKind kind) => kind switch
    {
        MemberKind.Image => Image.IsPresent,
        MemberKind.Text => Text.IsPresent,
        MemberKind.Json => Json.IsPresent,
        _ => Class.IsPresent,
    };

    /// <summary>The sample with one more member.</summary>
    public SampleEntry With(MemberKind kind, TarMember member) => kind switch
    {
        MemberKind.Image => this with { Image = member },
        MemberKind.Text => this with { Text = member },
        MemberKind.Json => this with { Json = member },
        _ => this with { Class = member },
    };
}
