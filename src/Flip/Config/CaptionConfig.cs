namespace Flip.Config;

/// <summary>Training of a captioner on the image tower of a model; defaults are the paper's recipe.</summary>
public sealed record CaptionConfig : TwoRateConfig
{
    /// <summary>What is put on the tower.</summary>
    public CaptionHeadConfig Head { get; init; } = new();

    /// <summary>How captions are written when the captioner is measured or used.</summary>
    public DecodingConfig Decoding { get; init; } = new();
}

/// <summary>Encoder and decoder of a captioner; defaults are the paper's.</summary>
public sealed record CaptionHeadConfig
{
    [Setting(SettingOwner.Model, "Width of the tokens of encoder and decoder.", Min = 1, Max = Limits.Width)]
    public int Width { get; init; } = 384;

    [Setting(SettingOwner.Model, "Attention heads of encoder and decoder.", Min = 1, Max = Limits.Heads)]
    public int Heads { get; init; } = 6;

    [Setting(SettingOwner.Model, "Blocks of the encoder, over the tower's tokens.", Min = 0, Max = Limits.Depth)]
    public int EncoderDepth { get; init; } = 3;

    [Setting(SettingOwner.Model, "Blocks of the decoder.", Min = 1, Max = Limits.Depth)]
    public int DecoderDepth { get; init; } = 3;

    [Setting(SettingOwner.Model, "Tokens of a caption with the markers at its ends; longer captions are cut in training.", Min = 3, Max = Limits.TextLength)]
    public int Length { get; init; } = 42;
}

/// <summary>How a sequence is chosen among all that a decoder could write.</summary>
public sealed record DecodingConfig
{
    [Setting(SettingOwner.User, "Sequences that are followed at a time (beam search); 1 takes the likeliest token each time (greedy).", Min = 1, Max = 256)]
    public int Beams { get; init; } = 3;

    [Setting(SettingOwner.User, "Fewest tokens of a caption, without the markers.", Min = 0, Max = Limits.TextLength)]
    public int MinLength { get; init; } = 5;

    [Setting(SettingOwner.User, "Most tokens of a caption, without the markers.", Min = 1, Max = Limits.TextLength)]
    public int MaxLength { get; init; } = 40;

    [Setting(SettingOwner.User, "Finished captions are ranked by log-probability / tokens^p: 0 prefers short ones, 1 ranks by the mean of the tokens.", Min = 0, Max = 10)]
    public double LengthPenalty { get; init; } = 1;

    [Setting(SettingOwner.User, "No run of so many tokens comes twice in a caption; 0 allows it.", Min = 0, Max = Limits.TextLength)]
    public int NoRepeatNgram { get; init; }
}
