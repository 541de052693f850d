namespace Flip.Data.Shards;

/// <summary>The members of one sample in its shard. Keys are not kept: they would be most of the memory of a large index.</summary>
/// <param name="Image">The encoded image.</param>
/// <param name="Text">One caption.</param>
/// <param name="Json">An object with captions.</param>
/// <param name="Class">A class number.</param>
internal readonly record struct SampleEntry(Member Image, Member Text, Member Json, Member Class)
{
    /// <summary>The member of a kind; one that is not present where there is none.</summary>
    public Member Of(MemberKind kind) => kind switch
    {
        MemberKind.Image => Image,
        MemberKind.Text => Text,
        MemberKind.Json => Json,
        _ => Class,
    };

    /// <summary>The sample with one more member.</summary>
    public SampleEntry With(MemberKind kind, Member member) => kind switch
    {
        MemberKind.Image => this with { Image = member },
        MemberKind.Text => this with { Text = member },
        MemberKind.Json => this with { Json = member },
        _ => this with { Class = member },
    };
}
